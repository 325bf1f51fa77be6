#pragma once

#include <string>
#include <string_view>

#include "base/describe.hpp"
#include "wire/query.hpp"

// Writing the answers of the Query and EC2 protocols.
namespace utakata::wire {

/// The text with what XML cannot hold escaped. Characters that XML 1.0 has no spelling for become U+FFFD.
void append_escaped(std::string& out, std::string_view text);

/// The members of a structure as elements: lists as <member> (query), <item> (ec2) or repeated (flattened).
void append_members(std::string& out, const Type& structure, const void* object, QueryStyle);

/// The whole answer to an operation.
struct XmlAnswer {
  std::string_view operation;
  std::string_view xml_namespace;
  std::string_view request_id;
  QueryStyle style = QueryStyle::query;
};
std::string write_xml(const XmlAnswer&, const Type& output, const void* object);

}  // namespace utakata::wire
