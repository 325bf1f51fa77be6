#pragma once

#include <optional>
#include <string>

#include "core/vpc_picture.hpp"

// The rules of one VPC's router namespace, as commands of nftables (nft -f). Everything stands in one table:
//
//   set members_SG        the addresses of a security group
//   chain in_SG, out_SG   its rules; what an out rule lets pass goes on to `admitted`
//   chain inward, outward for each group: packets to, from its members go to its rules
//   set bound             interface . address: what a task may send from
//   forward, input, output  the kernel's hooks: task to task and outside, task to load balancer, load balancer to task
//
// What no rule accepts is dropped without a word, as AWS does.
namespace utakata::sandbox {

/// The router's end of the pair that leads to an interface.
str link_name(const str& interface_id);

/// The interface to the outside, and the address for whoever comes from there.
inline constexpr std::string_view outside_link = "outside";
inline constexpr std::string_view internet_address = "198.18.0.1";
/// AWS's resolver answers there, in every VPC, besides at the base of its addresses plus two.
inline constexpr std::string_view resolver_address = "169.254.169.253";
str resolver_address_of(const str& cidr);

/// The whole table anew, in one transaction.
str firewall(const VpcPicture&);
/// What has to be done when `change` meets what is known before it; nothing if the whole table must be made anew.
std::optional<str> firewall_change(const VpcPicture& before, const ChangeVpc& change);

}  // namespace utakata::sandbox
