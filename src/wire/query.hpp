#pragma once

#include "base/describe.hpp"
#include "base/outcome.hpp"
#include "wire/form.hpp"
#include "wire/violation.hpp"

// Reading the input of an operation from the parameters of a Query or EC2 request.
namespace utakata::wire {

/// How lists, maps and names are spelt.
enum class QueryStyle : std::uint8_t {
  query,      // Names.member.1=a, Tags.entry.1.key=k
  flattened,  // SQS: AttributeName.1=a, Attribute.1.Name=k, Attribute.1.Value=v
  ec2,        // Filter.1.Value.1=a; the name is the field's alias, or the member's, beginning with a capital
};

/// Fills `object`. Faults in AWS's words: MalformedInput and ValidationError (query), InvalidParameterValue and
/// MissingParameter (flattened, ec2), UnknownParameter (ec2); `Fault::field` is the member's path.
Outcome<> read_query(const Type&, void* object, const Parameters&, QueryStyle, ReadNotes&);

/// "SecurityGroupIds" -> "SecurityGroupId", "Entries" -> "Entry": the name of one item of a flattened list.
std::string singular(std::string_view name);

template <class T>
Outcome<T> read_query(std::string_view text, QueryStyle style = QueryStyle::query) {
  T object{};
  ReadNotes notes;
  const Parameters parameters = TRY(parse_form(text));
  TRY_VOID(read_query(type_of<T>, &object, parameters, style, notes));
  return object;
}

}  // namespace utakata::wire
