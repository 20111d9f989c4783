// What state.file keeps of a device, and what of it is believed.
#include "snmp/kept.hpp"

#include <gmock/gmock.h>

#include <span>

namespace sluice::snmp {
namespace {

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

Answer answer(std::vector<Interfaces::Entry> entries, std::uint64_t answered_ns = 17) {
  return {std::make_shared<const Interfaces>(std::move(entries)), answered_ns};
}

TEST(Kept, ComesBackAsItWas) {
  const IpAddress exporter = *IpAddress::parse("2001:db8::7");
  const Answer kept =
      answer({{1, {"xe-0", "to Z\xC3\xBCrich", 100'000'000'000}}, {9, {"", "d", 0}}, {12, {}}});
  const auto back = from_message(bytes_of(to_message(exporter, kept)), 100);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->exporter, exporter);
  EXPECT_EQ(back->answer.answered_ns, 17U);
  EXPECT_EQ(*back->answer.interfaces, *kept.interfaces);
}

TEST(Kept, TextsAreCleanedAgain) {
  const auto back = from_message(
      bytes_of(to_message(IpAddress::v4(1), answer({{1, {"a\nb", std::string(900, 'x'), 0}}}))), 100);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->answer.interfaces->find(1)->name, "a b");
  EXPECT_EQ(back->answer.interfaces->find(1)->description.size(), kMaxText);
}

TEST(Kept, TakesNoMoreThanTheBound) {
  const auto back =
      from_message(bytes_of(to_message(IpAddress::v4(1), answer({{1, {}}, {2, {}}, {3, {}}}))), 2);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->answer.interfaces->size(), 2U);
}

TEST(Kept, RefusesWhatIsNoSuchMessage) {
  EXPECT_FALSE(from_message({}, 100));
  EXPECT_FALSE(from_message(bytes_of(to_message(IpAddress{}, answer({{1, {}}}))), 100)) << "of nobody";
  EXPECT_FALSE(from_message(bytes_of(to_message(IpAddress::v4(1), answer({}))), 100)) << "no interface";
  EXPECT_FALSE(from_message(bytes_of(to_message(IpAddress::v4(1), answer({{0, {"x", "", 0}}}))), 100));
}

TEST(Kept, RefusesWhatIsCutShort) {
  const std::string whole = to_message(IpAddress::v4(1), answer({{1, {"name", "description", 5}}}));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(from_message(bytes_of(whole.substr(0, size)), 100)) << size;
}

}  // namespace
}  // namespace sluice::snmp
