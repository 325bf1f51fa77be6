#pragma once

#include "services/ssm/state.hpp"

namespace utakata::ssm {

/// Faults InvalidFilterKey, InvalidFilterOption, InvalidFilterValue.
Outcome<> check_filters(const list<api::ParameterStringFilter>&);
/// All filters hold.
bool matches(const ParameterRow&, const list<api::ParameterStringFilter>&);

/// `name` lies in the hierarchy `path`, directly or, if `recursive`, at any depth.
bool lies_in(std::string_view name, std::string_view path, bool recursive);

}  // namespace utakata::ssm
