#pragma once

#include "base/outcome.hpp"
#include "services/ec2/api/tag.hpp"
#include "services/ec2/state.hpp"

// What all resources of EC2 have: an id that tells their kind, a fault when they are missing, and tags.
namespace utakata::ec2 {

struct ResourceKind {
  std::string_view prefix;     // of ids
  std::string_view type;       // in ARNs and tags
  std::string_view not_found;  // AWS's error code
  std::string_view noun;       // in AWS's text
  bool (*exists)(const Tx&, const World&, std::string_view id);
};
namespace kinds {
extern const ResourceKind vpc, subnet, security_group, security_group_rule, network_interface, internet_gateway,
    route_table, nat_gateway, elastic_ip;
}  // namespace kinds

/// A VPC with its default group and its main route table, and nothing else.
VpcRow make_vpc(Tx&, const World&, const str& cidr, bool is_default);

std::unexpected<Fault> not_found(const ResourceKind&, std::string_view id);
/// The kind whose prefix the id has. Fault InvalidID, or that kind's own if there is no such resource.
Outcome<const ResourceKind*> kind_of(const Tx&, const World&, std::string_view id);

/// By key.
opt<list<api::Tag>> tags_of(const Tx&, const World&, std::string_view id);
/// Adds or replaces. Faults: a key or value that AWS refuses, TagLimitExceeded.
Outcome<> put_tags(Tx&, const World&, std::string_view id, const list<api::Tag>&);
void erase_tags(Tx&, const World&, std::string_view id);
/// The tags that a request gives to what it makes, which is of this kind.
Outcome<list<api::Tag>> specified_tags(const opt<list<api::TagSpecification>>&, const ResourceKind&);

/// Puts them on what the caller has just made.
Outcome<> put_specified_tags(Tx&, std::string_view id, const opt<list<api::TagSpecification>>&, const ResourceKind&);

}  // namespace utakata::ec2
