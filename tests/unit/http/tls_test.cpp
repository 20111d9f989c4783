// TLS on both sides: our server and our client, and what others say to them.
#include <gmock/gmock.h>

#include <future>

#include "certificates.hpp"
#include "http/client.hpp"
#include "unit/http/client.hpp"
#include "unit/http/fake_peer.hpp"

namespace sluice::http {
namespace {

using test::Authority;
using test::FakePeer;
using test::RunningServer;
using testing::HasSubstr;

Handler hello() {
  return [](const Request& request) -> Response {
    return {.status = 200,
            .content_type = "text/plain",
            .body = request.tls ? "over TLS" : "plain",
            .headers = {}};
  };
}

Options with(const Authority::Files& files) {
  Options options = test::on("127.0.0.1");
  options.tls = Identity::from_files(files.certificate, files.key).value();
  return options;
}

Url url(std::uint16_t port, bool tls = true, const std::string& host = "127.0.0.1") {
  return {.tls = tls, .host = host, .port = std::to_string(port)};
}

std::string where(const Url& of) { return of.to_string(); }

class Tls : public testing::Test {
 protected:
  Result<Answer, Trouble> ask(const Url& of) const {
    return fetch_whole(of, {.target = "/x"}, {.answer = std::chrono::seconds(20)}, trust_);
  }
  /// What is wrong with a server that shows such a certificate.
  Trouble trouble(const test::Wanted& wanted, const std::string& host = "127.0.0.1") {
    const RunningServer server(hello(), with(authority_.sign(wanted)));
    url_ = where(url(server.port(), true, host));
    const auto answer = ask(url(server.port(), true, host));
    return answer ? Trouble{.kind = {}, .text = "it was trusted"} : answer.error();
  }

  Authority authority_;
  Trust trust_ = Trust::from_file(authority_.ca_file()).value();
  std::string url_;
};

TEST_F(Tls, BothSidesSpeakIt) {
  const RunningServer server(hello(), with(authority_.sign()));
  const auto answer = ask(url(server.port()));
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->head.status, 200U);
  EXPECT_EQ(answer->body, "over TLS");
  EXPECT_TRUE(ask(url(server.port(), true, "localhost"))) << "by name";
}

TEST_F(Tls, AnUnknownAuthority) {
  const RunningServer server(hello(), with(authority_.sign()));
  const Authority other("Another authority"), namesake;
  for (const Trust& trust :
       {Trust(), Trust::from_file(other.ca_file()).value(), Trust::from_file(namesake.ca_file()).value()}) {
    const auto answer = fetch_whole(url(server.port()), {.target = "/"}, {}, trust);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, Trouble::Kind::unknown_authority);
    EXPECT_THAT(answer.error().text, testing::StartsWith("the certificate of " + where(url(server.port())) +
                                                         " is signed by nobody who is trusted here ("));
  }
}

TEST_F(Tls, AnotherName) {
  const Trouble found = trouble({.names = "DNS:other.example,IP:127.0.0.2"});
  EXPECT_EQ(found.kind, Trouble::Kind::bad_certificate);
  EXPECT_EQ(found.text, "the certificate of " + url_ + " is made out to another name than 127.0.0.1");
  EXPECT_THAT(trouble({.names = "IP:127.0.0.1"}, "localhost").text, HasSubstr("another name than localhost"));
}

TEST_F(Tls, OutOfItsTime) {
  const Trouble late = trouble({.until = -1800});
  EXPECT_EQ(late.text, "the certificate of " + url_ + " has expired");
  EXPECT_EQ(late.kind, Trouble::Kind::bad_certificate);
  const Trouble early = trouble({.from = 1800});
  EXPECT_EQ(early.text, "the certificate of " + url_ + " is not valid yet");
  EXPECT_EQ(early.kind, Trouble::Kind::bad_certificate);
}

TEST_F(Tls, AskedOfAPlainServer) {
  const RunningServer server(hello());
  const auto answer = ask(url(server.port()));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Trouble::Kind::strange);
  EXPECT_THAT(
      answer.error().text,
      testing::MatchesRegex("what answers at https://.* does not speak TLS \\(.*\\); is it http://\\?"));
}

TEST_F(Tls, NotSpokenWhereItIsExpected) {
  const RunningServer server(hello(), with(authority_.sign()));
  const auto answer = ask(url(server.port(), false));
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->head.status, 400U);
  EXPECT_EQ(answer->body, "{\"error\":\"this port speaks HTTPS; ask https://\"}\n");
}

TEST_F(Tls, OthersAnswerPlainHttpWithAnAlert) {
  FakePeer alert(std::string("\x15\x03\x01\x00\x02\x02\x46", 7));
  const auto answer = ask(url(alert.port(), false));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Trouble::Kind::strange);
  EXPECT_EQ(answer.error().text,
            "what answers at " + where(url(alert.port(), false)) + " speaks TLS; is it https://?");
}

TEST_F(Tls, AHandshakeThatDoesNotComeIsEnded) {
  Options options = with(authority_.sign());
  options.deadlines.idle = std::chrono::milliseconds(50);
  const RunningServer server(hello(), options);
  test::Client silent(server.port());
  EXPECT_TRUE(silent.closed_within(std::chrono::seconds(20)));
}

TEST_F(Tls, AHandshakeThatIsNotAnsweredIsGivenUp) {
  FakePeer silent("", FakePeer::Then::wait);
  const auto answer =
      fetch_whole(url(silent.port()), {.target = "/"}, {.connect = std::chrono::milliseconds(50)}, trust_);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, Trouble::Kind::unreachable);
  EXPECT_THAT(answer.error().text, HasSubstr("broke before TLS was agreed on"));
}

TEST_F(Tls, FilesThatAreWrong) {
  const auto files = authority_.sign();
  const std::string text = authority_.write("text", "no certificate\n"), nowhere = "/nowhere.pem";
  const auto said = [](const auto& result) { return result ? "it was taken" : result.error(); };
  EXPECT_EQ(said(Trust::from_file(nowhere)),
            "\"/nowhere.pem\" cannot be read or is empty: No such file or directory");
  EXPECT_EQ(said(Trust::from_file(text)), '"' + text + "\" holds no certificate in PEM form");
  EXPECT_THAT(said(Identity::from_files(nowhere, files.key)), HasSubstr("cannot be read"));
  EXPECT_THAT(said(Identity::from_files(files.certificate, nowhere)), HasSubstr("cannot be read"));
  EXPECT_EQ(said(Identity::from_files(text, files.key)), '"' + text + "\" holds no certificate in PEM form");
  EXPECT_EQ(said(Identity::from_files(files.certificate, text)),
            '"' + text + "\" holds no private key in PEM form that needs no password");
  const auto others = authority_.sign();
  EXPECT_EQ(said(Identity::from_files(files.certificate, others.key)),
            '"' + others.key + "\" is not the key of the certificate in \"" + files.certificate + '"');
}

}  // namespace
}  // namespace sluice::http
