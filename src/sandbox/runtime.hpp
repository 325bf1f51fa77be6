#pragma once

#include <vector>

#include "base/types.hpp"

// The OCI runtime as a program on this host.
namespace utakata::sandbox {

struct Host;

inline constexpr const char* runtime_view_file = "runtime-view";  // in the sandbox's folder and in a container's

struct Runtime {
  str program;
  str view;  // file of what it must see differently (runtime_view.hpp); empty: nothing
};
/// What is to start a container.
Runtime runtime_of(const Host&);
/// What has started this one, also when the platform has come back with another runtime.
Runtime runtime_of(const Host&, const str& container_id);
/// A command line for it, up to the name of a command.
std::vector<str> runtime_words(const Host&, const Runtime&);

/// Whether it has a use for compiled_filters.hpp.
bool takes_compiled_filters(const Runtime&);
/// Where it leaves the filter of system calls that it made for this container.
str compiled_filter_file(const Host&, const str& container_id);

/// The container's group for the OCI configuration, from Cgroups::container_path: runc takes a path without a slash
/// from our own group, crun every path from the root of what it sees.
str group_for(const Runtime&, const str& container_path);

}  // namespace utakata::sandbox
