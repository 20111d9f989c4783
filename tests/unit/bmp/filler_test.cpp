#include "bmp/filler.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::bmp {
namespace {

using testing::ElementsAre;

IpAddress address(const std::string& text) { return *IpAddress::parse(text); }

class FillerTest : public testing::Test {
 protected:
  Routes routes;
  Room room{0, 100};
  Table table{routes.epochs(), room, {100, 1 << 20}};
  Filler filler{routes};
  FlowBatch batch;

  void SetUp() override {
    announce("198.51.100.0/24", {64501, 64510});
    announce("10.0.0.0/8", {64501, 64520});
    auto directory = std::make_unique<Routes::Directory>();
    directory->by_router[address("192.0.2.1")] = {&table};
    routes.publish(std::move(directory));
  }
  void TearDown() override { routes.publish(nullptr); }

  void announce(const std::string& prefix, std::vector<std::uint32_t> ases) {
    Attributes attributes;
    attributes.as_path = std::move(ases);
    attributes.communities = {7, 8};
    Path* path = table.paths().hold({.peer_as = 64501}, attributes, address("192.0.2.9"));
    ASSERT_FALSE(table.announce({*IpPrefix::parse(prefix), 0}, path));
    table.paths().release(path);
  }
  FlowRecord& flow(const std::string& source, const std::string& destination,
                   const std::string& exporter = "192.0.2.1") {
    batch.add_origin().exporter_address = address(exporter);
    FlowRecord& out = batch.append_one();
    out.set_source(address(source));
    out.set_destination(address(destination));
    return out;
  }
};

TEST_F(FillerTest, GivesWhatTheRouteSays) {
  flow("10.0.0.1", "198.51.100.1");
  filler.apply(batch);
  const FlowRecord& got = batch.flows()[0];
  EXPECT_EQ(got.src_as, 64520U);
  EXPECT_EQ(got.src_net, 8);
  EXPECT_EQ(got.dst_as, 64510U);
  EXPECT_EQ(got.dst_net, 24);
  const FlowExtras* extras = batch.extras_of(got);
  ASSERT_NE(extras, nullptr);
  EXPECT_THAT(extras->list(ExtraList::as_path), ElementsAre(64501, 64510));
  EXPECT_THAT(extras->list(ExtraList::bgp_communities), ElementsAre(7, 8));
  EXPECT_EQ(extras->get(ExtraAddress::bgp_next_hop), address("192.0.2.9"));
  EXPECT_EQ(filler.counters()[FillCount::routed].get(), 1U);
  EXPECT_EQ(filler.counters()[FillCount::unrouted].get(), 0U);
}

TEST_F(FillerTest, KeepsWhatTheExporterSaid) {
  FlowRecord& said = flow("10.0.0.1", "198.51.100.1");
  said.src_as = 1;
  said.dst_as = 2;
  said.src_net = 3;
  said.dst_net = 4;
  batch.extras(said).list(ExtraList::as_path).assign({5, 6});
  batch.extras(said).set(ExtraAddress::bgp_next_hop, address("192.0.2.77"));
  filler.apply(batch);
  const FlowRecord& got = batch.flows()[0];
  EXPECT_EQ(got.src_as, 1U);
  EXPECT_EQ(got.dst_as, 2U);
  EXPECT_EQ(got.src_net, 3);
  EXPECT_EQ(got.dst_net, 4);
  EXPECT_THAT(batch.extras_of(got)->list(ExtraList::as_path), ElementsAre(5, 6));
  EXPECT_EQ(batch.extras_of(got)->get(ExtraAddress::bgp_next_hop), address("192.0.2.77"));
  EXPECT_THAT(batch.extras_of(got)->list(ExtraList::bgp_communities), ElementsAre(7, 8))
      << "which it did not";
}

TEST_F(FillerTest, CountsFlowsWithoutRoute) {
  flow("10.0.0.1", "203.0.113.1");
  flow("10.0.0.1", "198.51.100.1", "192.0.2.2");  // nobody tells routes for that exporter
  flow("203.0.113.1", "198.51.100.1");
  filler.apply(batch);
  EXPECT_EQ(filler.counters()[FillCount::routed].get(), 1U);
  EXPECT_EQ(filler.counters()[FillCount::unrouted].get(), 2U);
  EXPECT_EQ(batch.flows()[0].src_as, 64520U) << "its source has one";
  EXPECT_EQ(batch.extras_of(batch.flows()[1]), nullptr);
  EXPECT_EQ(batch.flows()[2].dst_as, 64510U);
}

TEST_F(FillerTest, LooksAnAddressUpAgainOnlyWhenItsRoutesChanged) {
  const auto origins = [&] {
    batch.clear();
    flow("10.0.0.1", "198.51.100.1");
    filler.apply(batch);
    const FlowRecord& got = batch.flows()[0];
    return std::pair(got.src_as, got.dst_as);
  };
  const auto looked_up = [&] { return filler.counters()[FillCount::looked_up].get(); };
  EXPECT_EQ(origins(), std::pair(64520U, 64510U));
  EXPECT_EQ(origins(), std::pair(64520U, 64510U));
  EXPECT_EQ(looked_up(), 2U) << "once for each address";
  announce("203.0.113.0/24", {64501, 64599});
  EXPECT_EQ(origins(), std::pair(64520U, 64510U));
  EXPECT_EQ(looked_up(), 2U) << "a route elsewhere";
  announce("198.51.100.0/28", {64501, 64511});
  EXPECT_EQ(origins(), std::pair(64520U, 64511U)) << "a longer one";
  EXPECT_EQ(looked_up(), 3U);
  announce("198.51.100.0/28", {64501, 64512});
  EXPECT_EQ(origins(), std::pair(64520U, 64512U)) << "another path";
  EXPECT_TRUE(table.withdraw({*IpPrefix::parse("198.51.100.0/28"), 0}, 0));
  EXPECT_EQ(origins(), std::pair(64520U, 64510U)) << "it went";
  announce("10.0.0.0/8", {64501, 64521});
  EXPECT_EQ(origins(), std::pair(64521U, 64510U)) << "a prefix of many parts";
  announce("8.0.0.0/6", {64501, 64522});
  EXPECT_EQ(origins(), std::pair(64521U, 64510U)) << "a shorter one";
  EXPECT_EQ(table.drop(0), 4U);
  EXPECT_EQ(origins(), std::pair(0U, 0U)) << "the peer went";
  const std::uint64_t before = looked_up();
  EXPECT_EQ(origins(), std::pair(0U, 0U));
  EXPECT_EQ(looked_up(), before) << "that there is none is kept too";
  announce("0.0.0.0/0", {64501, 64530});
  EXPECT_EQ(origins(), std::pair(64530U, 64530U));
}

TEST_F(FillerTest, TakesNoTablesRoutesForAnothers) {
  Table other(routes.epochs(), room, {100, 1 << 20});
  const auto dst_as = [&](const char* exporter) {
    batch.clear();
    flow("10.0.0.1", "198.51.100.1", exporter);
    filler.apply(batch);
    return batch.flows()[0].dst_as;
  };
  EXPECT_EQ(dst_as("192.0.2.1"), 64510U);
  auto directory = std::make_unique<Routes::Directory>();
  directory->by_router[address("192.0.2.1")] = {&other};
  directory->by_router[address("192.0.2.2")] = {&table};
  routes.publish(std::move(directory));
  EXPECT_EQ(dst_as("192.0.2.1"), 0U) << "a session that told nothing yet";
  EXPECT_EQ(dst_as("192.0.2.2"), 64510U);
  routes.publish(nullptr);
}

TEST_F(FillerTest, SeesALocalRibComeAndGo) {
  const auto dst_as = [&] {
    batch.clear();
    flow("10.0.0.1", "198.51.100.1");
    filler.apply(batch);
    return batch.flows()[0].dst_as;
  };
  EXPECT_EQ(dst_as(), 64510U);
  Attributes attributes;
  attributes.as_path = {64501, 64577};
  Path* path = table.paths().hold({.rib = 1, .peer_as = 64501, .view = View::local_rib}, attributes,
                                  address("192.0.2.9"));
  const Nlri elsewhere{*IpPrefix::parse("203.0.113.0/24"), 0};
  ASSERT_FALSE(table.announce(elsewhere, path));
  table.paths().release(path);
  EXPECT_EQ(dst_as(), 0U) << "it has no route there, and others' do not count";
  EXPECT_TRUE(table.withdraw(elsewhere, 1));
  EXPECT_EQ(dst_as(), 64510U);
}

}  // namespace
}  // namespace sluice::bmp
