#pragma once
// IPFIX over TCP and TLS (RFC 7011 sections 10.4 and 11): takes connections, cuts what comes into messages
// and hands them out as datagrams. All of one thread, but for what is said to be any thread's. What a session
// teaches lives as long as it does (RFC 7011 section 8).
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/tls_peer.hpp"
#include "net/admission.hpp"
#include "net/framing.hpp"
#include "net/tcp_listener.hpp"
#include "sluice/decode/exporter.hpp"
#include "util/counter.hpp"
#include "util/guarded.hpp"
#include "util/unique_fd.hpp"
#include "worker/session_counts.hpp"

namespace sluice::worker {

struct SessionLimits {
  std::uint32_t connections = 1000;                  ///< at once
  std::uint32_t per_address = 16;                    ///< of them, of one address; 0: as many as there may be
  std::uint64_t waiting_bytes = 8 << 20;             ///< of messages that are not whole, all together
  std::chrono::milliseconds message_timeout{10000};  ///< from a message's first byte to its last
};

/// Where sessions come in.
struct SessionInlet {
  net::TcpListener listener;
  std::optional<http::Identity> identity;  ///< of TLS; nothing: plain TCP
  std::size_t inlet = 0;                   ///< among all listeners: whose admission and counts
  std::uint16_t number = 0;                ///< Datagram::socket
  decode::Decapsulate decapsulate = decode::Decapsulate::outer;
};

class Sessions {
 public:
  /// Called when a session ended, or was not begun; must be quick. `detail`: one more sentence, or empty.
  using OnEnd = std::function<void(const Endpoint& peer, SessionEnd why, const std::string& detail)>;
  /// Takes one message.
  using Take = std::function<decode::DecodeReport(std::size_t inlet, const decode::Datagram& message)>;

  /// The table and `admission` (null: everybody) outlive it. Throws std::system_error.
  Sessions(const SessionLimits& limits, std::vector<SessionInlet> inlets, decode::ExporterTable& exporters,
           const net::CurrentAdmission* admission, OnEnd on_end);
  ~Sessions();

  /// Can be read when there is something to do.
  int fd() const { return epoll_.get(); }
  /// What is there now; returns how many messages were taken. Never blocks. At least once a second.
  std::size_t turn(const Take& take);
  /// The last turn() left something that it could have had at once.
  bool more() const { return more_; }
  /// Nobody listens any more and all sessions end. Whoever calls turn() has ended.
  void close();

  /// What is shown from now on to those who connect, by inlet. Any thread.
  void change(std::vector<std::optional<http::Identity>> identities);

  // Any thread. `i`: of the inlets.
  std::size_t inlets() const { return inlets_.size(); }
  const SessionInlet& inlet(std::size_t i) const { return inlets_[i]; }
  const Counts<SessionCount, Counter>& counts(std::size_t i) const { return counts_[i].counts; }
  const Counts<SessionEnd, Counter>& ends(std::size_t i) const { return counts_[i].ends; }
  const net::RefusedSources& refused() const { return refused_; }

 private:
  struct Session;
  struct Count {
    Counts<SessionCount, Counter> counts;
    Counts<SessionEnd, Counter> ends;
  };
  struct Read {
    http::TlsPeer::State state;
    std::size_t bytes = 0;
  };
  void do_turn(const Take& take);
  void watch(int operation, int fd, std::uint64_t what, bool readable, bool writable) const;
  void take_connections(std::size_t i);
  void pause(std::size_t i);
  void resume();
  void begin(std::size_t i, net::Connected connected);
  std::optional<SessionEnd> refusal(std::size_t i, const IpAddress& source);
  bool make_room(const std::function<bool(const Session&)>& among);
  void serve(Session& session, const Take& take);
  Read read(Session& session);
  bool take_bytes(Session& session, Bytes bytes, const Take& take);
  bool take_message(Session& session, Bytes message, const Take& take);
  void adopt(Session& session);
  bool was_evicted(const Session& session) const;
  bool shared(const Session& session, std::uint32_t domain) const;
  void forget(Session& session);
  void book_waiting(Session& session);
  void keep_within_buffer();
  void end(Session& session, SessionEnd why, const std::string& detail = {});
  void told(std::size_t i, const Endpoint& peer, SessionEnd why, const std::string& detail);
  void end_overdue();
  void end_not_allowed();
  bool allows(std::size_t i, const IpAddress& source) const;

  const SessionLimits limits_;
  std::vector<SessionInlet> inlets_;
  Guarded<std::vector<std::optional<http::Identity>>> identities_;
  decode::ExporterTable& exporters_;
  const net::CurrentAdmission* const admission_;
  std::shared_ptr<const net::Admission> allowed_;
  const OnEnd on_end_;
  UniqueFd epoll_;
  std::map<int, std::unique_ptr<Session>> sessions_;  // by descriptor
  std::vector<Count> counts_;
  net::RefusedSources refused_;
  std::vector<std::byte> buffer_;
  std::uint64_t waiting_bytes_ = 0;
  std::uint64_t now_ns_ = 0;       // monotonic
  std::uint64_t looked_ns_ = 0;    // for those that are overdue
  std::uint64_t received_ns_ = 0;  // Unix time
  std::optional<std::uint64_t> paused_until_ns_;
  SessionEnd why_ = SessionEnd::bad_message;  // feed() ended
  std::size_t taken_ = 0;                     // messages, in this turn
  bool more_ = false;
};

}  // namespace sluice::worker
