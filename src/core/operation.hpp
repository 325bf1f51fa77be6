#pragma once

#include <memory>
#include <string_view>

#include "base/describe.hpp"
#include "base/outcome.hpp"

namespace utakata {

class Tx;

/// One operation of an API without its types: the wire reads its input and writes its output by their tables.
struct Operation {
  using Object = std::unique_ptr<void, void (*)(void*)>;

  std::string_view name;
  const Type* input;
  const Type* output;
  Object (*new_input)();
  Object (*new_output)();
  Outcome<> (*call)(Tx&, const void* input, void* output);
};

namespace operation_detail {
template <class T>
Operation::Object make() {
  return {new T(), [](void* p) { delete static_cast<T*>(p); }};
}
template <class Request, class Response, Outcome<Response> (*Handler)(Tx&, const Request&)>
constexpr Operation make_operation(std::string_view name) {
  return {.name = name,
          .input = &type_of<Request>,
          .output = &type_of<Response>,
          .new_input = make<Request>,
          .new_output = make<Response>,
          .call = [](Tx& tx, const void* input, void* output) -> Outcome<> {
            auto response = Handler(tx, *static_cast<const Request*>(input));
            if (!response) return std::unexpected(std::move(response).error());
            *static_cast<Response*>(output) = *std::move(response);
            return {};
          }};
}
template <auto Handler>
struct Shape;
template <class Request, class Response, Outcome<Response> (*Handler)(Tx&, const Request&)>
struct Shape<Handler> {
  static constexpr Operation named(std::string_view name) { return make_operation<Request, Response, Handler>(name); }
};
}  // namespace operation_detail

/// operation<create_cluster>("CreateCluster"): request and response are the handler's own types.
template <auto Handler>
constexpr Operation operation(std::string_view name) {
  return operation_detail::Shape<Handler>::named(name);
}

}  // namespace utakata
