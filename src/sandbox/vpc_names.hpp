#pragma once

#include <optional>

#include "core/vpc_picture.hpp"

namespace utakata::sandbox {

/// What a VPC's resolver itself knows of a name in lower case: the names that it was told, and those that every
/// interface has (ip-10-0-1-12.REGION.compute.internal). Without any answer: the name is the VPC's own, and not there.
/// Nothing: somebody else's name.
std::optional<DnsName> known_name(const VpcPicture&, const str& name);

/// The servers of a resolv.conf that can be asked: IPv4 only, three at most.
list<str> name_servers(std::string_view resolv_conf);

}  // namespace utakata::sandbox
