#include "worker/worker.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <chrono>

#include "filter/parser.hpp"
#include "support/recording_sink.hpp"
#include "support/set_message.hpp"

namespace sluice::worker {
namespace {

using namespace std::chrono_literals;
using test::RecordingSink;
using test::SetMessage;
using test::WireBytes;

template <class Condition>
bool wait_for(Condition condition) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

/// One worker on a port of its own, with two sinks that want different streams.
class WorkerTest : public testing::Test {
 protected:
  WorkerTest() {
    net::SocketOptions options;
    options.address = *IpAddress::parse("127.0.0.1");
    auto group = net::open_group(options, 1);
    EXPECT_TRUE(group.has_value());
    sockets_ = std::move(*group);
    sender_.reset(socket(AF_INET, SOCK_DGRAM, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(sockets_[0].local_port());
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(sender_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  }

  std::unique_ptr<Worker> make(std::chrono::nanoseconds flush = 20ms) {
    sink::StreamSpec protobuf;
    protobuf.flush_interval = flush;
    sink::StreamSpec json = protobuf;
    json.format.format = encode::Format::json;
    return std::make_unique<Worker>(
        options_, std::vector<Inlet>{{&sockets_[0], decode::Accept::automatic}}, exporters_,
        std::vector<OutputTo>{{protobuf, &messages_}, {json, &lines_}},
        [this](const decode::Datagram&, const decode::DecodeReport&) { errors_.fetch_add(1); });
  }
  void send(const std::vector<std::byte>& payload) {
    ASSERT_EQ(::send(sender_.get(), payload.data(), payload.size(), 0), static_cast<ssize_t>(payload.size()));
  }
  void send_flows(unsigned n) {
    send(SetMessage::ipfix().tmpl(256, {{8, 4}, {1, 4}}).bytes());
    for (unsigned i = 0; i < n; ++i)
      send(SetMessage::ipfix().data(256, WireBytes().address("192.0.2.1").u32(i)).bytes());
  }

  Options options_;
  std::vector<net::UdpSocket> sockets_;
  UniqueFd sender_;
  decode::ExporterTable exporters_{{}, {}};
  RecordingSink messages_;
  RecordingSink lines_;
  std::atomic<unsigned> errors_{0};
};

TEST_F(WorkerTest, FlowsReachEverySinkInItsFormat) {
  const auto worker = make();
  worker->start();
  send_flows(5);
  ASSERT_TRUE(wait_for([&] {
    return messages_.stats().counts[sink::SinkCount::delivered_flows] == 5 &&
           lines_.stats().counts[sink::SinkCount::delivered_flows] == 5;
  }));
  worker->stop();
  worker->join();
  const std::string text = lines_.bytes();
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  EXPECT_NE(messages_.bytes(), text);
  const ProtocolCounters& counters = worker->protocol(decode::Protocol::ipfix);
  EXPECT_EQ(counters.counts[decode::DecodeCount::datagrams].get(), 6u);
  EXPECT_EQ(counters.counts[decode::DecodeCount::flows].get(), 5u);
  EXPECT_EQ(worker->listener(0)[ListenerCount::datagrams].get(), 6u);
}

TEST_F(WorkerTest, AStopDecodesWhatWaitsAndHandsOverOpenBlocks) {
  const auto worker = make(1h);
  send_flows(200);  // before the worker runs: all of it waits in the socket
  worker->start();
  worker->stop();
  worker->join();
  EXPECT_EQ(messages_.stats().counts[sink::SinkCount::delivered_flows], 200u);
  EXPECT_EQ(lines_.stats().counts[sink::SinkCount::delivered_flows], 200u);
}

TEST_F(WorkerTest, AChangeLeavesWhatIsOpenWithTheSinksThatItWasFor) {
  const auto worker = make(1h);
  worker->start();
  send_flows(20);
  ASSERT_TRUE(wait_for([&] { return worker->listener(0)[ListenerCount::datagrams].get() == 21; }));
  RecordingSink after;
  sink::StreamSpec spec;
  spec.flush_interval = 1h;
  worker->change(
      {std::make_unique<Outputs>(std::vector<OutputTo>{{spec, &after}}, 0), enrich::Settings{"here"}});
  ASSERT_TRUE(wait_for([&] { return worker->changed(); }));
  EXPECT_EQ(messages_.stats().counts[sink::SinkCount::delivered_flows], 20u);
  EXPECT_EQ(lines_.stats().counts[sink::SinkCount::delivered_flows], 20u);
  send_flows(30);
  ASSERT_TRUE(wait_for([&] { return worker->listener(0)[ListenerCount::datagrams].get() == 52; }));
  worker->stop();
  worker->join();
  EXPECT_EQ(messages_.stats().counts[sink::SinkCount::delivered_flows], 20u);
  EXPECT_EQ(after.stats().counts[sink::SinkCount::delivered_flows], 30u);
}

TEST_F(WorkerTest, AFullSinkCostsOnlyItself) {
  messages_.set_mode(RecordingSink::Mode::full);
  const auto worker = make();
  worker->start();
  send_flows(50);
  EXPECT_TRUE(wait_for([&] { return lines_.stats().counts[sink::SinkCount::delivered_flows] == 50; }));
  EXPECT_TRUE(wait_for([&] { return messages_.stats().counts[sink::SinkCount::shed_flows] == 50; }));
}

TEST_F(WorkerTest, ErrorsAreCountedAndTold) {
  const auto worker = make();
  worker->start();
  send(SetMessage::ipfix().set(77, WireBytes().u32(1)).bytes());
  send(WireBytes().u16(4711).zeros(30).data());
  ASSERT_TRUE(wait_for([&] { return errors_.load() == 2; }));
  const auto unknown = static_cast<std::size_t>(decode::DecodeError::unknown_set);
  EXPECT_EQ(worker->protocol(decode::Protocol::ipfix).errors[unknown].get(), 1u);
  EXPECT_EQ(worker->protocol(decode::Protocol::unknown).counts[decode::DecodeCount::datagrams].get(), 1u);
}

TEST_F(WorkerTest, NothingIsMadeForASourceThatMayNotSend) {
  const net::CurrentAdmission nobody(net::Admission{{.all = false, .sets = {net::AddressSet{}}}});
  options_.admission = &nobody;
  const auto worker = make();
  worker->start();
  send_flows(5);
  ASSERT_TRUE(wait_for([&] { return worker->listener(0)[ListenerCount::refused].get() == 6; }));
  worker->stop();
  worker->join();
  EXPECT_EQ(worker->listener(0)[ListenerCount::datagrams].get(), 6u);
  EXPECT_EQ(exporters_.size(), 0u);
  EXPECT_EQ(worker->protocol(decode::Protocol::ipfix).counts[decode::DecodeCount::datagrams].get(), 0u);
  ASSERT_EQ(worker->refused().read().size(), 1u);
  EXPECT_EQ(worker->refused().read()[0], std::pair(*IpPrefix::parse("127.0.0.0/24"), std::uint64_t{6}));
}

TEST_F(WorkerTest, AnIdleWorkerTurnsAtLeastOnceASecond) {
  const auto worker = make();
  worker->start();
  const std::uint64_t first = worker->heartbeat_ns();
  EXPECT_TRUE(wait_for([&] { return worker->heartbeat_ns() > first + 500000000U; }));
}

/// Batches of three flows each.
void write_flows(Outputs& outputs, unsigned batches, std::uint16_t port, std::uint8_t address_size) {
  for (unsigned i = 0; i < batches; ++i) {
    FlowBatch batch;
    batch.add_origin().exporter_address = IpAddress::v4(0xC0000201U);
    for (FlowRecord& flow : batch.append(3)) flow.dst_port = port, flow.src_addr_size = address_size;
    EXPECT_TRUE(outputs.write(batch, 0));
  }
}

TEST(Outputs, AFilterIsOfItsSinkAlone) {
  RecordingSink all, some, same;
  sink::StreamSpec every;
  sink::StreamSpec wanted = every;
  wanted.wanted = filter::parse("dst port 443").value();
  Outputs outputs({{every, &all}, {wanted, &some}, {wanted, &same}}, 0);
  write_flows(outputs, 2, 443, 4);
  write_flows(outputs, 3, 80, 4);
  outputs.flush_all();
  const auto count = [](const RecordingSink& sink, sink::SinkCount what) {
    return sink.stats().counts[what];
  };
  EXPECT_EQ(count(all, sink::SinkCount::delivered_flows), 15U);
  EXPECT_EQ(count(all, sink::SinkCount::filtered_flows), 0U);
  for (const RecordingSink* one : {&some, &same}) {
    EXPECT_EQ(count(*one, sink::SinkCount::delivered_flows), 6U);
    EXPECT_EQ(count(*one, sink::SinkCount::filtered_flows), 9U);
  }
  ASSERT_EQ(some.entries().size(), 1U);
  EXPECT_EQ(some.entries()[0].identity, same.entries()[0].identity) << "of equal filters, one block";
}

TEST(Outputs, WhatNobodyWantsIsNotEncoded) {
  RecordingSink lines;
  sink::StreamSpec spec;
  spec.format.format = encode::Format::json;
  spec.format.json_fields = encode::JsonFields::kflow;
  spec.format.kflow_drop_ipv6 = true;
  spec.wanted = filter::parse("dst port 443").value();
  Outputs outputs({{spec, &lines}}, 0);
  write_flows(outputs, 2, 80, 16);
  EXPECT_EQ(outputs.left_out(), 0U) << "the encoder saw them";
  write_flows(outputs, 2, 443, 16);
  outputs.flush_all();
  EXPECT_EQ(outputs.left_out(), 6U);
  EXPECT_EQ(lines.book_of(IpAddress::v4(0xC0000201U)).filtered, 6U);
  EXPECT_EQ(lines.book_of(IpAddress::v4(0xC0000201U)).left_out, 6U);
}

TEST(Nap, ShortensUnderLoadAndLengthensWhenLittleComes) {
  Nap nap{NapPolicy{}};
  EXPECT_EQ(nap.after(1), 2ms);
  EXPECT_EQ(nap.after(1), 4ms);
  EXPECT_EQ(nap.after(1), 5ms);
  EXPECT_EQ(nap.after(1), 5ms);
  EXPECT_EQ(nap.after(30), 5ms);
  EXPECT_EQ(nap.after(100), 2500us);
  EXPECT_EQ(nap.after(100), 1250us);
  EXPECT_EQ(nap.after(100), 1ms);
}

TEST(DecodeTime, BucketsAreUpperBounds) {
  DecodeTimeCounters counters;
  counters.observe(1000);
  counters.observe(1001);
  counters.observe(99999999);
  EXPECT_EQ(counters.counts[0].get(), 1u);
  EXPECT_EQ(counters.counts[1].get(), 1u);
  EXPECT_EQ(counters.counts[10].get(), 1u);
  EXPECT_EQ(counters.sum_ns.get(), 1000u + 1001u + 99999999u);
}

}  // namespace
}  // namespace sluice::worker
