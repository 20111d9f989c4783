#pragma once
// The collector's two HTTP listeners as they are configured: where, to whom, with which certificate.
#include <utility>  // Boost 1.74's Asio needs it first under C++20

#include <boost/asio/io_context.hpp>
#include <memory>

#include "app/logging.hpp"
#include "config/config.hpp"
#include "http/server.hpp"
#include "metrics/snapshot.hpp"

namespace sluice::app {

/// As configured: "metrics" or "api". Reads the certificate's files. Throws SetupError.
http::Options http_options(const config::Config& config, const std::string& purpose);

/// Of the thread that runs the io_context.
class HttpListeners {
 public:
  struct Handlers {
    http::Handler metrics, api;
  };
  /// Those whose `listen` is not empty. Throws SetupError.
  HttpListeners(boost::asio::io_context& io, const config::Config& config, Handlers handlers, Logging& log);

  /// What a reload is to put in force: files that cannot be read throw SetupError here, before anything has
  /// changed.
  class Change {
   public:
    explicit Change(const config::Config& next);

   private:
    friend class HttpListeners;
    http::Options metrics_, api_;
  };
  /// For connections and requests from now on.
  void change(Change next);
  /// Nobody listens any more, and all connections are closed.
  void close();

  void add_counts(metrics::Snapshot& out) const;

 private:
  std::unique_ptr<http::Server> metrics_, api_;
};

}  // namespace sluice::app
