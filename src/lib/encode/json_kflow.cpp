// json.fields: kflow. The ten keys of KFlow's records in their order (github.com/sukhinin/kflow, "Output
// format"): dvc is the host that sent the datagram. KFlow's time is the datagram's export time in
// milliseconds since 1970; a flow holds when the datagram came, which is later by the way through the
// network.
#include "encode/encoders.hpp"
#include "encode/json_text.hpp"
#include "util/counter.hpp"

namespace sluice::encode {
namespace {

constexpr std::size_t kRowBound = 10 * (16 + kAddressBound);

/// KFlow has 0.0.0.0 where there is no address.
void put_address(JsonText& json, std::string_view key, const IpAddress& address) {
  json.raw(key);
  json.address(address.empty() ? IpAddress::v4(0) : address);
}

void put_integer(JsonText& json, std::string_view key, std::uint64_t value) {
  json.raw(key);
  json.integer(value);
}

class KflowJsonEncoder final : public RowEncoder {
 public:
  explicit KflowJsonEncoder(bool drop_ipv6) : drop_ipv6_(drop_ipv6) {}

  void encode(const FlowBatch& batch, RowBuffer& rows) override {
    for (const FlowRecord& flow : batch.flows()) {
      if (drop_ipv6_ && (flow.src_addr_size == 16 || flow.dst_addr_size == 16))
        left_out_.add();
      else
        encode_one(batch.origin_of(flow), flow, rows);
      rows.end_row();
    }
  }
  std::uint64_t left_out() const override { return left_out_.get(); }

 private:
  static void encode_one(const Origin& origin, const FlowRecord& flow, RowBuffer& rows) {
    JsonText json(rows.reserve(kRowBound));
    put_address(json, "{\"dvc\":", origin.exporter_address);
    put_address(json, ",\"src\":", flow.source());
    put_integer(json, ",\"srcp\":", flow.src_port);
    put_address(json, ",\"dst\":", flow.destination());
    put_integer(json, ",\"dstp\":", flow.dst_port);
    put_integer(json, ",\"proto\":", flow.proto);
    put_integer(json, ",\"flags\":", flow.tcp_flags);
    put_integer(json, ",\"bytes\":", flow.bytes);
    put_integer(json, ",\"pkts\":", flow.packets);
    put_integer(json, ",\"time\":", origin.time_received_ns / 1'000'000);
    json.raw("}\n");
    rows.commit(json.size());
  }

  bool drop_ipv6_;
  Counter left_out_;
};

}  // namespace

std::unique_ptr<RowEncoder> make_kflow_json_encoder(bool drop_ipv6) {
  return std::make_unique<KflowJsonEncoder>(drop_ipv6);
}

}  // namespace sluice::encode
