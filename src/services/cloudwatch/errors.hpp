#pragma once

#include "base/outcome.hpp"
#include "base/text.hpp"

// CloudWatch's refusals, by the names of its model; `query_error_code` says what Query calls them.
namespace utakata::cloudwatch {

inline auto invalid_value(std::string message) { return refuse("InvalidParameterValueException", std::move(message)); }
inline auto invalid_combination(std::string message) {
  return refuse("InvalidParameterCombinationException", std::move(message));
}
inline auto missing(std::string message) { return refuse("MissingRequiredParameterException", std::move(message)); }
inline auto validation(std::string message) { return refuse("ValidationError", std::move(message)); }

std::string_view query_error_code(std::string_view code);

}  // namespace utakata::cloudwatch
