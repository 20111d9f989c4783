#include "app/gone.hpp"

#include <gmock/gmock.h>

namespace sluice::app {
namespace {

TEST(Gone, WhoeverSendsFromAnotherPortIsNot) {
  decode::ExporterTable exporters({}, {}, [](const IpAddress& address) {
    decode::ExporterSettings settings;
    settings.key_with_port = address != IpAddress::v4(3);
    return settings;
  });
  for (const std::uint32_t address : {1U, 2U, 3U})
    for (const std::uint16_t port : {std::uint16_t{1000}, std::uint16_t{2000}})
      (void)exporters.find_or_add(exporters.key_of(IpAddress::v4(address), port), 1);
  const std::vector<ExporterKey> left = {
      {IpAddress::v4(1), 9}, {IpAddress::v4(4), 1}, {IpAddress::v4(4), 2}, {IpAddress::v4(3), 0}};
  EXPECT_THAT(gone_addresses(left, exporters), testing::ElementsAre(IpAddress::v4(4)));
}

}  // namespace
}  // namespace sluice::app
