#pragma once
// A collector that starts gets the sockets of the one that runs, over a Unix socket (run.takeover) that only
// the same user may speak to. The running one stops receiving, writes its state file, hands its sockets over,
// delivers what it has, and ends. Messages of SOCK_SEQPACKET: the new one sends kTakeoverGreeting; the old
// one answers with the name of a socket and its descriptor for each, and "done"; it closes the connection
// when its sinks are closed.
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "net/given_sockets.hpp"
#include "util/log_sink.hpp"

namespace sluice::app {

inline constexpr std::string_view kTakeoverGreeting = "sluice takeover 1";

/// The new one's end. One thread.
class Takeover {
 public:
  /// Asks the collector that listens at `path`, and waits until it has stopped receiving. Nothing where no
  /// collector listens there. The error is one sentence for the user.
  static Result<std::optional<Takeover>, std::string> ask(const std::string& path);

  std::vector<net::GivenSocket> take_sockets() { return std::move(sockets_); }
  int process() const { return process_; }  ///< the other one's id
  /// All was handed over; false where the other one went away before.
  bool complete() const { return complete_; }
  /// Waits until the other one has closed its sinks, or for so long; whether it has.
  bool wait_ended(std::chrono::milliseconds at_most) const;

 private:
  UniqueFd connection_;
  std::vector<net::GivenSocket> sockets_;
  int process_ = 0;
  bool complete_ = false;
};

/// The running one's end of a connection whose peer has the same user and asked.
class TakeoverRequest {
 public:
  TakeoverRequest(UniqueFd connection, int process) : connection_(std::move(connection)), process_(process) {}
  int process() const { return process_; }
  /// Name and descriptor of each socket. The error is the system's.
  Result<void, std::string> give(const std::vector<std::pair<std::string, int>>& sockets) const;

 private:
  UniqueFd connection_;  // closed with it: the other one waits for that
  int process_;
};

/// Listens while the collector runs, on the thread of `io`.
class TakeoverListener {
 public:
  using OnRequest = std::function<void(TakeoverRequest)>;

  /// Where somebody listens at `path` already, or it cannot be made, the error is one sentence for the user.
  static Result<std::unique_ptr<TakeoverListener>, std::string> start(boost::asio::io_context& io,
                                                                      const std::string& path,
                                                                      OnRequest on_request, LogFn log);
  /// Why start() would fail, whoever runs; nothing is made or asked.
  static std::optional<std::string> try_out(const std::string& path);
  TakeoverListener(boost::asio::io_context& io, UniqueFd listening, std::string path, OnRequest on_request,
                   LogFn log);
  ~TakeoverListener();  ///< closes it and takes the path away
  TakeoverListener(const TakeoverListener&) = delete;
  TakeoverListener& operator=(const TakeoverListener&) = delete;

 private:
  void wait();
  void accept_one();

  boost::asio::posix::stream_descriptor listening_;
  const std::string path_;
  const OnRequest on_request_;
  const LogFn log_;
};

}  // namespace sluice::app
