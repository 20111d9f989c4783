// Memory that runs out at any allocation of a server's threads: it costs a connection, and the next is
// answered.
#include <gmock/gmock.h>

#include <atomic>

#include "support/failing_new.hpp"
#include "unit/http/client.hpp"

namespace {

std::atomic<long> until_failure{0};  // of the allocations of the server's threads; 0 and less: none fails
thread_local bool unharmed = false;

}  // namespace

bool sluice::test::allocation_fails() {
  return !unharmed && until_failure.load() > 0 && --until_failure == 0;
}

namespace sluice::http {
namespace {

constexpr std::chrono::milliseconds kLong{20000};  // never waited out: only a test that fails does
constexpr std::string_view kPost =
    "POST /?x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";

/// What is answered, as far as it comes.
std::string answer_to(std::uint16_t port, std::string_view request) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::socket raw(io);
  raw.connect({boost::asio::ip::address_v4::loopback(), port});
  sluice::test::DeadlineSocket socket(std::move(raw));
  boost::system::error_code error;
  boost::asio::write(socket, boost::asio::buffer(request.data(), request.size()), error);
  std::string out;
  std::array<char, 1000> piece{};
  while (!error) out.append(piece.data(), socket.read_some(boost::asio::buffer(piece), error));
  EXPECT_NE(error, boost::asio::error::timed_out) << "somebody waits for what never comes";
  return out;
}

/// Asks with the 1st, 2nd, 3rd ... allocation of the server failing until none does.
void ask_at_each_allocation(std::uint16_t port) {
  bool failed = true;
  for (long n = 1; failed && n < 10'000 && !testing::Test::HasFailure(); ++n) {
    SCOPED_TRACE("allocation " + std::to_string(n));
    until_failure = n;
    answer_to(port, kPost);
    failed = until_failure.exchange(0) <= 0;
    EXPECT_THAT(answer_to(port, kPost), testing::EndsWith("5 hello"));
  }
  EXPECT_FALSE(failed) << "something always fails";
}

class Memory : public testing::Test {
 protected:
  Memory() { unharmed = true; }
  ~Memory() override { unharmed = false; }
};

TEST_F(Memory, EndsForARequestAndNotForAStreamServer) {
  Options options = test::on("127.0.0.1");
  options.limits.body = std::nullopt;
  const auto server = StreamServer::listen(options).value();
  std::stop_source stop;
  std::thread thread([&] {
    const auto answer = [](Exchange& exchange) {
      exchange.when_gone([] {});
      std::array<char, 100> piece{};
      std::string text;
      for (auto got = exchange.read(piece.data(), piece.size()); got && *got > 0;
           got = exchange.read(piece.data(), piece.size()))
        text.append(piece.data(), *got);
      exchange.respond(200, {}, std::to_string(text.size()) + ' ' + text);
    };
    server->run(answer, stop.get_token(), kLong, [] {});
  });
  ask_at_each_allocation(server->port());
  stop.request_stop();
  thread.join();
}

TEST_F(Memory, EndsForARequestAndNotForAServer) {
  Options options = test::on("127.0.0.1");
  options.methods = {"POST"};
  boost::asio::io_context io;
  auto server =
      Server::start(io, options, [](const Request& request) {
        return Response{.body = std::to_string(request.body.size()) + ' ' + std::string(request.body),
                        .headers = {}};
      }).value();
  std::thread thread([&] {
    for (;;) try {
        io.run();
        return;
      } catch (const std::bad_alloc&) {
        // As the program does: the rest goes on.
      }
  });
  ask_at_each_allocation(server->port());
  boost::asio::post(io, [&] { server.reset(); });
  thread.join();
}

}  // namespace
}  // namespace sluice::http
