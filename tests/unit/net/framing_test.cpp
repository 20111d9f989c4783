#include "net/framing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/set_message.hpp"

namespace sluice::net {
namespace {

using Message = std::vector<std::byte>;
using test::SetMessage;
using test::WireBytes;

Message header(std::uint16_t version, std::uint16_t length) {
  Message out(16);
  out[0] = static_cast<std::byte>(version >> 8);
  out[1] = static_cast<std::byte>(version);
  out[2] = static_cast<std::byte>(length >> 8);
  out[3] = static_cast<std::byte>(length);
  return out;
}

Message joined(const std::vector<Message>& all) {
  Message out;
  for (const Message& one : all) out.insert(out.end(), one.begin(), one.end());
  return out;
}

/// What comes out of pieces.
struct Cut {
  Framing framing;
  std::vector<Message> messages;
  bool operator()(Bytes piece) {
    return framing.feed(piece, [&](Bytes message) {
      messages.emplace_back(message.begin(), message.end());
      return true;
    });
  }
};

const std::vector<Message>& three() {
  static const std::vector<Message> out{
      SetMessage::ipfix().tmpl(256, {{8, 4}, {1, 4}}).bytes(), header(10, 16),
      SetMessage::ipfix().data(256, WireBytes().address("192.0.2.1").u32(7)).bytes()};
  return out;
}

TEST(Framing, GivesTheMessagesHoweverTheStreamIsCut) {
  const Message stream = joined(three());
  for (std::size_t first = 0; first <= stream.size(); ++first)
    for (std::size_t second = first; second <= stream.size(); ++second) {
      Cut cut;
      EXPECT_TRUE(cut(Bytes(stream).first(first)));
      EXPECT_TRUE(cut(Bytes(stream).subspan(first, second - first)));
      EXPECT_TRUE(cut(Bytes(stream).subspan(second)));
      ASSERT_EQ(cut.messages, three()) << first << ", " << second;
      EXPECT_EQ(cut.framing.waiting(), 0u);
      EXPECT_EQ(cut.framing.held(), 0u);
    }
}

TEST(Framing, GivesTheMessagesOfAStreamThatComesByteByByte) {
  Cut cut;
  for (const std::byte one : joined(three())) EXPECT_TRUE(cut(Bytes(&one, 1)));
  EXPECT_EQ(cut.messages, three());
}

TEST(Framing, TheLongestMessageThereIsComesWhole) {
  Message longest = header(10, 65535);
  longest.resize(65535, std::byte{7});
  for (const std::size_t first : {1UL, 3UL, 4UL, 5UL, 65534UL}) {
    Cut cut;
    EXPECT_TRUE(cut(Bytes(longest).first(first)));
    EXPECT_TRUE(cut.messages.empty());
    EXPECT_EQ(cut.framing.waiting(), first);
    EXPECT_TRUE(cut(Bytes(longest).subspan(first)));
    EXPECT_EQ(cut.messages, std::vector<Message>(1, longest));
  }
}

TEST(Framing, ALengthThatIsNoneEndsTheStreamBehindWhatWasGood) {
  for (const std::uint16_t length : std::initializer_list<std::uint16_t>{0, 1, 4, 15}) {
    const Message stream = joined({header(10, 16), header(10, length), header(10, 16)});
    for (std::size_t cut_at = 0; cut_at <= stream.size(); ++cut_at) {
      Cut cut;
      const bool first = cut(Bytes(stream).first(cut_at));
      EXPECT_EQ(first, cut_at < 20) << cut_at;  // no sooner and no later than the length is there
      if (first) {
        EXPECT_FALSE(cut(Bytes(stream).subspan(cut_at)));
      }
      EXPECT_TRUE(cut.framing.failed());
      EXPECT_EQ(cut.messages.size(), 1u);
    }
  }
}

TEST(Framing, AnotherVersionEndsTheStreamAtItsSecondByte) {
  for (const std::uint16_t version : std::initializer_list<std::uint16_t>{0, 5, 9, 11, 0x1603, 0x4745}) {
    const Message stream = header(version, 16);
    Cut whole;
    EXPECT_FALSE(whole(stream));
    EXPECT_TRUE(whole.messages.empty());
    Cut cut;
    EXPECT_TRUE(cut(Bytes(stream).first(1)));
    EXPECT_FALSE(cut(Bytes(stream).subspan(1, 1)));
    EXPECT_TRUE(cut.framing.failed());
  }
}

TEST(Framing, ALengthAloneTakesNoMemory) {
  Cut cut;
  EXPECT_TRUE(cut(Bytes(header(10, 65535)).first(8)));
  EXPECT_LE(cut.framing.held(), 1024u);
}

TEST(Framing, NothingIsHandedOutToWhoWantsNoMore) {
  const Message stream = joined(three());
  Framing framing;
  unsigned handed = 0;
  EXPECT_FALSE(framing.feed(stream, [&](Bytes) { return ++handed < 2; }));
  EXPECT_EQ(handed, 2u);
  EXPECT_FALSE(framing.failed());
}

}  // namespace
}  // namespace sluice::net
