// Names into flows: what is there already stays.
#include "snmp/give.hpp"

#include <gmock/gmock.h>

#include <span>

#include "snmp/kept.hpp"

namespace sluice::snmp {
namespace {

const IpAddress kExporter = IpAddress::v4(0xc0000201);

class Give : public testing::Test {
 protected:
  Give() {
    Settings settings;
    Device device;
    device.prefix = "192.0.2.0/24";
    device.address = "127.0.0.1";
    device.port = 9;  // nobody answers there
    device.community = "public";
    settings.devices = {device};
    const Answer answer{std::make_shared<const Interfaces>(
                            Interfaces({{3, {"in3", "three", 1000}}, {4, {"out4", "", 2000}}})),
                        1};
    const std::string message = to_message(kExporter, answer);
    EXPECT_TRUE(poller_.restore(std::as_bytes(std::span(message)), settings, 2));
    poller_.change(settings);
  }

  FlowRecord& flow(const IpAddress& exporter, std::uint32_t in, std::uint32_t out) {
    Origin& origin = batch_.add_origin();
    origin.exporter_address = exporter;
    FlowRecord& one = batch_.append(1).front();
    one.in_if = in;
    one.out_if = out;
    return one;
  }
  std::string text(std::size_t index, ExtraText field) {
    const FlowExtras* const extras = batch_.extras_of(batch_.flows()[index]);
    return extras ? extras->get(field) : "";
  }

  std::uint64_t number(std::size_t index, ExtraScalar field) {
    const FlowExtras* const extras = batch_.extras_of(batch_.flows()[index]);
    return extras ? extras->get(field) : 0;
  }

  Poller poller_{[](LogLevel, const std::string&) {}};
  View view_{&poller_};
  FlowBatch batch_;
};

TEST_F(Give, FillsBothSides) {
  flow(kExporter, 3, 4);
  flow(kExporter, 4, 3);
  flow(kExporter, 3, 3);
  give_interfaces(view_, batch_);
  EXPECT_EQ(text(0, ExtraText::in_if_name), "in3");
  EXPECT_EQ(text(0, ExtraText::in_if_description), "three");
  EXPECT_EQ(text(0, ExtraText::out_if_name), "out4");
  EXPECT_EQ(text(0, ExtraText::out_if_description), "");
  EXPECT_EQ(number(0, ExtraScalar::in_if_speed), 1000U);
  EXPECT_EQ(number(0, ExtraScalar::out_if_speed), 2000U);
  EXPECT_EQ(text(1, ExtraText::in_if_name), "out4");
  EXPECT_EQ(text(1, ExtraText::out_if_description), "three");
  EXPECT_EQ(text(2, ExtraText::in_if_name), "in3");
  EXPECT_EQ(text(2, ExtraText::out_if_name), "in3");
}

TEST_F(Give, LeavesWhatIsThere) {
  batch_.extras(flow(kExporter, 3, 4)).set(ExtraText::in_if_name, "from options data");
  batch_.extras(batch_.flows()[0]).set(ExtraScalar::out_if_speed, 5);
  give_interfaces(view_, batch_);
  EXPECT_EQ(text(0, ExtraText::in_if_name), "from options data");
  EXPECT_EQ(text(0, ExtraText::in_if_description), "three");
  EXPECT_EQ(number(0, ExtraScalar::in_if_speed), 1000U);
  EXPECT_EQ(number(0, ExtraScalar::out_if_speed), 5U);
}

TEST_F(Give, MakesNothingForWhatIsNotKnown) {
  flow(kExporter, 0, 99);
  flow(IpAddress::v4(0xc0000202), 3, 4);
  flow(IpAddress::v4(0x08080808), 3, 4);
  give_interfaces(view_, batch_);
  for (const FlowRecord& one : batch_.flows()) EXPECT_EQ(batch_.extras_of(one), nullptr);
}

TEST_F(Give, InterfacesAreThoseOfTheSampler) {
  flow(IpAddress::v4(0x08080808), 3, 4);
  batch_.origin(0).sampler_address = kExporter;
  flow(kExporter, 3, 4);
  batch_.origin(1).sampler_address = IpAddress::v4(0x08080808);
  give_interfaces(view_, batch_);
  EXPECT_EQ(text(0, ExtraText::in_if_name), "in3");
  EXPECT_EQ(text(1, ExtraText::in_if_name), "");
}

}  // namespace
}  // namespace sluice::snmp
