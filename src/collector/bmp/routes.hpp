#pragma once
// Where those who have flows ask for routes: by exporter, then by address. The station (station.hpp) fills
// it; each thread that asks has a RouteReader. A look takes no lock and waits for nobody; what it finds holds
// until it ends, and it should be short (a batch of flows), as nothing that went meanwhile can be freed.
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "bmp/epochs.hpp"
#include "bmp/table.hpp"

namespace sluice::bmp {

class RouteReader;

class Routes {
 public:
  /// One of the tables that answer for a router.
  struct Listed {
    Listed(const Table* of) : table(of) {}  // NOLINT(google-explicit-constructor)
    const Table* table;
    /// The longer prefix of this one's and the next one's counts; else the next one is asked only for what
    /// this one has no route to.
    bool with_next = false;
  };
  using Tables = std::span<const Listed>;

  /// Whose table answers for whom. Never changed.
  struct Directory {
    SeededMap<IpAddress, std::vector<Listed>> by_router;  ///< the latest session's first
    std::vector<Listed> defaults;                         ///< for exporters that have none of their own
    static void free(const Directory* directory) { delete directory; }
  };

  Routes() = default;
  ~Routes() { Directory::free(now_.load()); }
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  // The writer's thread.

  Epochs& epochs() { return epochs_; }
  void publish(std::unique_ptr<const Directory> next);

 private:
  friend RouteReader;
  Epochs epochs_;
  std::atomic<const Directory*> now_{nullptr};
};

/// Of one thread. The Routes outlive it.
class RouteReader {
 public:
  explicit RouteReader(Routes& routes) : routes_(routes), reader_(routes.epochs_) {}

  /// One at a time.
  class Look {
   public:
    explicit Look(RouteReader& of) : reader_(of.reader_) {
      reader_.enter();
      directory_ = of.routes_.now_.load();
    }
    ~Look() { reader_.leave(); }
    Look(const Look&) = delete;
    Look& operator=(const Look&) = delete;

    /// The tables that are to be asked for flows of the exporter, in order: those of its own sessions, else
    /// the defaults'. Empty: nobody knows.
    Routes::Tables tables_for(const IpAddress& exporter) const;
    /// The first one's that has a route to it; of those that count together the longest prefix's, and of
    /// equal ones the first's.
    static std::optional<Route> find(Routes::Tables tables, const IpAddress& address) {
      return find(tables, [&](const Table& table) { return table.look_up(address); });
    }
    /// The same by what `look_up(table)` says of the address.
    template <class LookUp>
    static std::optional<Route> find(Routes::Tables tables, const LookUp& look_up) {
      Table::Found best;
      for (const Routes::Listed& one : tables) {
        const Table::Found found = look_up(*one.table);
        if (found.path != nullptr && (best.path == nullptr || found.length > best.length)) best = found;
        if (best.path != nullptr && !one.with_next) break;
      }
      return Table::route_of(best);
    }
    std::optional<Route> find(const IpAddress& exporter, const IpAddress& address) const {
      return find(tables_for(exporter), address);
    }

   private:
    Epochs::Reader& reader_;
    const Routes::Directory* directory_ = nullptr;
  };

 private:
  Routes& routes_;
  Epochs::Reader reader_;
};

}  // namespace sluice::bmp
