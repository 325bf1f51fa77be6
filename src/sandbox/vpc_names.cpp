#include "sandbox/vpc_names.hpp"

#include <algorithm>

#include "base/ipv4.hpp"
#include "base/text.hpp"
#include "core/balancer_name.hpp"

namespace utakata::sandbox {
namespace {

constexpr std::size_t servers_max = 3;  // as the C library has it

// The address that ip-10-0-1-12.ap-northeast-1.compute.internal says.
std::optional<str> address_in(std::string_view name) {
  if (!name.starts_with("ip-") || !(name.ends_with(".compute.internal") || name.ends_with(".ec2.internal"))) return {};
  str text(name.substr(3, name.find('.') - 3));
  std::ranges::replace(text, '-', '.');
  return parse_ipv4(text) ? std::optional(text) : std::nullopt;
}

}  // namespace

std::optional<DnsName> known_name(const VpcPicture& vpc, const str& name) {
  if (const auto told = vpc.names.find(name); told != vpc.names.end()) return told->second;
  if (const auto address = address_in(name)) {
    DnsName answer{.name = name};
    const auto block = Ipv4Block::parse(vpc.cidr);
    if (block && block->contains(*parse_ipv4(*address))) answer.addresses = {*address};
    return answer;
  }
  if (is_balancer_name(name)) return DnsName{.name = name};
  return {};
}

list<str> name_servers(std::string_view resolv_conf) {
  list<str> servers;
  for (const std::string_view line : split(resolv_conf, '\n')) {
    if (!line.starts_with("nameserver") || servers.size() == servers_max) continue;
    const std::string_view address = trim(line.substr(std::string_view("nameserver").size()));
    if (parse_ipv4(address)) servers.emplace_back(address);
  }
  return servers;
}

}  // namespace utakata::sandbox
