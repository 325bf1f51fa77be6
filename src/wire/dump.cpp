#include "wire/dump.hpp"

#include <algorithm>
#include <vector>

#include "base/json.hpp"
#include "base/text.hpp"

namespace utakata::wire {
namespace {

using Above = std::vector<const Type*>;  // the structures that a shape lies in

bool is_within_itself(const Type& type, const Above& above) { return std::ranges::find(above, &type) != above.end(); }

std::string_view type_name(Kind kind) {
  switch (kind) {
    case Kind::text:
    case Kind::document:
    case Kind::one_of:
      return "string";
    case Kind::boolean:
      return "boolean";
    case Kind::i32:
      return "integer";
    case Kind::i64:
      return "long";
    case Kind::f64:
      return "double";
    case Kind::instant:
      return "timestamp";
    case Kind::blob:
      return "blob";
    case Kind::structure:
      return "structure";
    case Kind::list:
      return "list";
    case Kind::dict:
      return "map";
  }
  return "string";
}

Json shape(const Type& type, Above& above);

Json members(const Type& type, Above& above) {
  Json all = Json::object();
  above.push_back(&type);
  for (std::uint16_t i = 0; i < type.count; ++i) {
    const Field& field = type.fields[i];
    all.set(field.name, shape(*field.type, above)).set("required", field.required());
  }
  above.pop_back();
  return all;
}

Json shape(const Type& type, Above& above) {
  Json out = Json::object();
  const bool again = type.kind == Kind::structure && is_within_itself(type, above);
  out.set("type", again ? "recursive" : type_name(type.kind));
  if (again) return out;
  if (type.kind == Kind::structure) out.set("members", members(type, above));
  if (type.kind == Kind::list) out.set("member", shape(*type.element, above));
  if (type.kind == Kind::dict) {
    out.set("key", Json::object()).set("type", "string");
    out.set("value", shape(*type.element, above));
  }
  if (type.kind == Kind::one_of) {
    Json& values = out.set("enum", Json::array());
    for (std::uint16_t i = 0; i < type.count; ++i) values.push(type.names[i]);
  }
  return out;
}

std::string_view protocol_name(const Service& service) {
  if (service.protocols.empty() || is_json(service.protocols.front())) return "json";
  return service.protocols.front() == Protocol::ec2 ? "ec2" : "query";
}

struct Members {
  std::vector<std::string> honoured, stored, refused;
};

// Leaves only: a structure is as honoured as what it holds. Below a stored or a refused member all is as it.
void collect(const Type& type, const std::string& path, Above& above, Members& out) {
  if (type.kind == Kind::list) return collect(*type.element, path + "[]", above, out);
  if (type.kind == Kind::dict) return collect(*type.element, path + "{}", above, out);
  if (type.kind != Kind::structure || type.count == 0 || is_within_itself(type, above)) {
    if (!path.empty()) out.honoured.push_back(path);
    return;
  }
  above.push_back(&type);
  for (std::uint16_t i = 0; i < type.count; ++i) {
    const Field& field = type.fields[i];
    std::string below = cat(path, path.empty() ? "" : ".", field.name);
    if (field.stored_only)
      out.stored.push_back(std::move(below));
    else if (field.refused)
      out.refused.push_back(std::move(below));
    else
      collect(*field.type, below, above, out);
  }
  above.pop_back();
}

std::string listing(const std::vector<std::string>& paths) {
  std::string out;
  for (const std::string& path : paths) out += cat(out.empty() ? "" : ", ", '`', path, '`');
  return out.empty() ? "none" : out;
}

}  // namespace

std::string api_dump(Services services) {
  Json all = Json::object();
  for (const Service* service : services) {
    if (!service->published_by_aws) continue;
    Json& described = all.set(service->name, Json::object());
    described.set("protocol", protocol_name(*service));
    Json& operations = described.set("operations", Json::object());
    for (const Operation& operation : service->operations) {
      Json& entry = operations.set(operation.name, Json::object());
      Above above;
      entry.set("input", shape(*operation.input, above));
      entry.set("output", shape(*operation.output, above));
      entry.set("errors", Json::array());
    }
  }
  return all.indented() + "\n";
}

std::string compatibility_page(Services services) {
  std::string out =
      "# Operations\n\nMade by the program from its own tables. *Honoured* members have their effect; *stored* members "
      "are\n"
      "accepted and returned without effect, and a call that uses one says so in `x-utakata-stored-only`; whoever uses "
      "a\n"
      "*refused* member gets an error that names it. Members that are not listed are ignored where AWS ignores "
      "unknown\n"
      "members, and named in `x-utakata-ignored`; the EC2 protocol refuses them.\n";
  for (const Service* service : services) {
    out += cat("\n## ", service->name, service->published_by_aws ? "" : " (Utakata's own)", "\n\n",
               service->operations.size(), service->operations.size() == 1 ? " operation.\n" : " operations.\n");
    for (const Operation& operation : service->operations) {
      Members members;
      Above above;
      collect(*operation.input, "", above, members);
      out += cat("\n### ", operation.name, "\n\n- Honoured: ", listing(members.honoured), "\n");
      if (!members.stored.empty()) out += cat("- Stored only: ", listing(members.stored), "\n");
      if (!members.refused.empty()) out += cat("- Refused: ", listing(members.refused), "\n");
    }
  }
  return out;
}

}  // namespace utakata::wire
