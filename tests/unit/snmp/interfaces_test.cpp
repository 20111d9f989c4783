// Texts of devices, and look-ups in what is known of them.
#include "snmp/interfaces.hpp"

#include <gmock/gmock.h>

namespace sluice::snmp {
namespace {

TEST(CleanText, LeavesWhatIsFine) {
  EXPECT_EQ(clean_text(""), "");
  EXPECT_EQ(clean_text("xe-0/0/1"), "xe-0/0/1");
  EXPECT_EQ(clean_text("Z\xC3\xBCrich \xE2\x86\x92 Gen\xC3\xA8ve \xF0\x9F\x98\x80"),
            "Z\xC3\xBCrich \xE2\x86\x92 Gen\xC3\xA8ve \xF0\x9F\x98\x80");
  EXPECT_EQ(clean_text("<b>'; DROP TABLE flows; --"),
            "<b>'; DROP TABLE flows; --");  // text, to all who read it
}

TEST(CleanText, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(clean_text("Z\xFCrich"), "Z\xEF\xBF\xBDrich");
  EXPECT_EQ(clean_text("\xE2\x86"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(clean_text("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
}

TEST(CleanText, MakesBlanksOfControlCharacters) {
  EXPECT_EQ(clean_text("a\nb\rc\td\x1b[31me\x7f"), "a b c d [31me ");
  EXPECT_EQ(clean_text("a\xC2\x9B"
                       "31m\xC2\xA0z"),
            "a 31m\xC2\xA0z");  // CSI as one character of two bytes
}

TEST(CleanText, EndsAtTheFirstZero) { EXPECT_EQ(clean_text(std::string_view("port\0\0rest", 10)), "port"); }

TEST(CleanText, IsBoundedAndCutsNoCharacter) {
  EXPECT_EQ(clean_text(std::string(10'000, 'x')), std::string(kMaxText, 'x'));
  const std::string odd = "x";
  std::string text = odd;
  for (int i = 0; i < 1000; ++i) text += "\xC3\xBC";
  EXPECT_EQ(clean_text(text), text.substr(0, 255));
  EXPECT_EQ(clean_text(text.substr(1)), text.substr(1, 254));
  // Replacements are longer than what they stand for.
  EXPECT_EQ(clean_text(std::string(1000, '\xFF')).size(), 255U);
  EXPECT_EQ(clean_text("x" + std::string(1000, '\xFF')).size(), 253U);
}

TEST(Interfaces, AreFoundByTheirIndex) {
  const Interfaces none;
  EXPECT_EQ(none.find(1), nullptr);
  const Interfaces some({{7, {"seven", "", 7}}, {1, {"one", "", 1}}, {0xffff'ffff, {"last", "", 0}}});
  EXPECT_EQ(some.size(), 3U);
  EXPECT_EQ(some.find(1)->name, "one");
  EXPECT_EQ(some.find(7)->speed, 7U);
  EXPECT_EQ(some.find(0xffff'ffff)->name, "last");
  for (const std::uint32_t index : {0U, 2U, 6U, 8U, 0xffff'fffeU}) EXPECT_EQ(some.find(index), nullptr);
}

TEST(Interfaces, OfTwoWithOneIndexTheFirstStays) {
  const Interfaces twice({{3, {"first", "", 0}}, {2, {"two", "", 0}}, {3, {"second", "", 0}}});
  EXPECT_EQ(twice.size(), 2U);
  EXPECT_EQ(twice.find(3)->name, "first");
}

TEST(Interfaces, SayTheirMemory) {
  const std::uint64_t small = Interfaces({{1, {"a", "b", 0}}}).bytes();
  EXPECT_GE(small, sizeof(Interfaces::Entry));
  EXPECT_GE(Interfaces({{1, {std::string(255, 'a'), std::string(255, 'b'), 0}}}).bytes(), small + 510);
}

TEST(Snapshot, KnowsExporters) {
  const IpAddress one = *IpAddress::parse("192.0.2.1"), two = *IpAddress::parse("2001:db8::2");
  SeededMap<IpAddress, Answer> answers;
  answers[one] = {std::make_shared<const Interfaces>(Interfaces({{5, {"five", "", 0}}})), 1};
  const Snapshot snapshot(std::move(answers));
  EXPECT_EQ(snapshot.find(one, 5)->name, "five");
  EXPECT_EQ(snapshot.find(one, 6), nullptr);
  EXPECT_EQ(snapshot.find(two, 5), nullptr);
  EXPECT_EQ(snapshot.find(two), nullptr);
}

}  // namespace
}  // namespace sluice::snmp
