#include "store/form.hpp"

#include <gtest/gtest.h>

namespace sluice::store {
namespace {

TEST(Form, DecodesNamesAndValues) {
  const Form form = Form::parse("query=SELECT+1%2B1&param%5Fx=a%26b&empty=&bare&&utf=%C3%A4");
  EXPECT_EQ(form.get("query"), "SELECT 1+1");
  EXPECT_EQ(form.get("param_x"), "a&b");
  ASSERT_NE(form.find("empty"), nullptr);
  EXPECT_EQ(*form.find("empty"), "");
  ASSERT_NE(form.find("bare"), nullptr);
  EXPECT_EQ(form.get("utf"), "\xC3\xA4");
  EXPECT_EQ(form.find("other"), nullptr);
  EXPECT_EQ(form.all().size(), 5U);
}

TEST(Form, TheLastOfANameCounts) { EXPECT_EQ(Form::parse("a=1&a=2").get("a"), "2"); }

TEST(Form, PercentsThatEncodeNothingStandForThemselves) {
  for (const auto& [text, value] :
       {std::pair{"a=%", "%"}, {"a=%4", "%4"}, {"a=%zz", "%zz"}, {"a=100%25%", "100%%"}})
    EXPECT_EQ(Form::parse(text).get("a"), value) << text;
  EXPECT_EQ(Form::parse("a=%41").get("a"), "A");
  EXPECT_EQ(Form::parse("a=%00b").get("a"), std::string("\0b", 2));
}

}  // namespace
}  // namespace sluice::store
