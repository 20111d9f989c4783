#pragma once
// The flow records that few agents send: user, MPLS, address translation, stripped VLAN tags, overlay
// network, tunnels, HTTP, the queue and access list of a switch. Read apart from the common ones
// (flow_records.hpp), so that a sample without any pays for one flag.
#include <type_traits>
#include <vector>

#include "decode/sflow/xdr.hpp"
#include "sluice/flow/batch.hpp"

namespace sluice::decode::sflow {

struct ExtendedUser {  ///< format 1004; borrowed bytes in the charset of the MIB enum beside them
  std::uint32_t src_charset = 0;
  std::uint32_t dst_charset = 0;
  Bytes src_user;
  Bytes dst_user;
};

struct ExtendedMpls {  ///< format 1006; label stack entries as in RFC 3032, top of the stack first
  IpAddress next_hop;
  std::vector<std::uint32_t> in_stack;   ///< as the packet came
  std::vector<std::uint32_t> out_stack;  ///< as it left
};

struct ExtendedNat {  ///< format 1007: the addresses after translation
  IpAddress source;
  IpAddress destination;
};

struct ExtendedNatPort {  ///< format 1020
  std::uint32_t src_port = 0;
  std::uint32_t dst_port = 0;
};

struct ExtendedUrl {  ///< format 1005; borrowed bytes
  Bytes url;
  Bytes host;
};

struct ExtendedHttp {  ///< format 2206, of which flows have these; borrowed bytes
  Bytes uri;
  Bytes host;
  Bytes user;
  std::uint32_t status = 0;
};

struct ExtendedTunnel {  ///< formats 1023-1026: the outer addresses of a packet that is sampled without them
  IpAddress source;
  IpAddress destination;
};

struct ExtendedAcl {  ///< format 1037; borrowed bytes
  std::uint32_t number = 0;
  Bytes name;
};

struct ExtendedSocket {  ///< formats 2100 and 2101: a host's end of a connection, and the other
  std::uint32_t protocol = 0;
  IpAddress local;
  IpAddress remote;
  std::uint32_t local_port = 0;
  std::uint32_t remote_port = 0;
};

/// What the rare records of one sample said. Of two records of a kind the first counts.
class ExtendedRecords {
 public:
  void reset() { present_ = 0; }
  /// Whether the format is one of those read here.
  static bool knows(std::uint32_t standard_format);
  /// False where the record is not whole; nothing is kept of it then. Requires knows(format).
  bool read(std::uint32_t format, XdrReader& in);
  bool any() const { return present_ != 0; }
  /// Fills what the sampled packet and the common records left empty: call it after them. The borrowed bytes
  /// of the datagram must still be there.
  void apply(FlowBatch& batch, FlowRecord& flow) const;

 private:
  enum Kind : std::uint8_t {
    user,
    mpls,
    nat,
    nat_port,
    vlan_tunnel,
    vni_egress,
    vni_ingress,
    url,
    http,
    tunnel_egress,
    tunnel_ingress,
    queue,
    acl,
    function,
    socket
  };
  bool has(Kind kind) const { return present_ >> kind & 1; }
  template <class Record>
  bool keep_first(Kind kind, Record& kept, std::type_identity_t<Record>&& fresh, const XdrReader& in);
  bool read_mpls(XdrReader& in);
  bool read_vlan_tunnel(XdrReader& in);
  void apply_user(FlowExtras& extras) const;
  void apply_mpls(FlowRecord& flow, FlowExtras& extras) const;
  void apply_nat(FlowExtras& extras) const;
  void apply_vlan_tunnel(FlowRecord& flow, FlowExtras& extras) const;
  void apply_http(FlowExtras& extras) const;
  void apply_tunnel(FlowExtras& extras) const;
  void apply_switching(FlowExtras& extras) const;
  void apply_socket(FlowRecord& flow) const;

  std::uint32_t present_ = 0;  // a bit for each Kind
  ExtendedUser user_;
  ExtendedMpls mpls_;
  ExtendedNat nat_;
  ExtendedNatPort nat_port_;
  std::vector<std::uint32_t> vlan_stack_;  // format 1012: TPID and TCI of each stripped tag, outermost first
  std::uint32_t vni_egress_ = 0;           // format 1029
  std::uint32_t vni_ingress_ = 0;          // format 1030
  ExtendedUrl url_;
  ExtendedHttp http_;
  ExtendedTunnel tunnel_egress_;
  ExtendedTunnel tunnel_ingress_;
  std::uint32_t queue_ = 0;  // format 1036
  ExtendedAcl acl_;
  Bytes function_;  // format 1038, borrowed
  ExtendedSocket socket_;
  ExtendedMpls mpls_scratch_;
  std::vector<std::uint32_t> vlan_scratch_;
};

}  // namespace sluice::decode::sflow
