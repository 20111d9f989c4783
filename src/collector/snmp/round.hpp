#pragma once
// The poller's thread: which device is due, what has come, what is published.
#include <random>

#include "snmp/plan.hpp"

namespace sluice::snmp {

class Poller::Round {
 public:
  Round(Poller& to, Plan& plan);
  /// Breaks off what is under way, which goes by the plan.
  ~Round();
  Round(const Round&) = delete;
  Round& operator=(const Round&) = delete;
  /// Until the poller's stop_.
  void run();

 private:
  void take_wishes();
  Known* known(const IpAddress& exporter);
  void take_missing(Known& device, std::uint32_t if_index);
  void begin_due();
  void begin(const IpAddress& exporter, Known& device);
  void wait();
  void turn_all();
  void turn(const IpAddress& exporter, Known& device, bool readable);
  void finish(const IpAddress& exporter, Known& device, Standing standing);
  bool take_answer(Known& device);
  void tell(const IpAddress& exporter, const Known& device, Standing before) const;
  void forget_unwanted();
  void publish();
  std::uint64_t jittered(std::uint64_t span_ns);
  std::uint64_t pause_after(const Known& device) const;
  void show(const IpAddress& exporter, const Known& device);
  std::uint64_t kept_bytes() const;

  Poller& poller_;
  Plan& plan_;
  const Settings& settings_;
  std::uint64_t now_ns_ = 0;
  std::size_t under_way_ = 0;  // polls, without those that wait for another
  UsersInUse users_;
  Room room_;
  bool changed_ = false;          // since the last publish()
  std::uint64_t refresh_ns_ = 0;  // when exporters have to be wanted again
  std::minstd_rand random_;
  struct Ready {
    const IpAddress* exporter;
    Known* device;
    bool readable;
  };
  std::vector<Ready> ready_;  // of this turn
};

}  // namespace sluice::snmp
