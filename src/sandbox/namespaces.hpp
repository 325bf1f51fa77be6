#pragma once

#include <functional>
#include <string>

#include "base/outcome.hpp"

// Network namespaces that outlive the daemon: each is bound to a file.
namespace utakata::sandbox {

/// Does the work on a thread inside the namespace that ends with it: no other code can find itself in the wrong one.
Outcome<> inside_namespace(int namespace_fd, const std::function<Outcome<>()>& work);

/// A new namespace bound to `file`, with its loopback up. One that is there already is kept: false.
Outcome<bool> make_namespace(const std::string& file);
/// The calling thread's namespace passes packets on from one interface to another.
Outcome<> forward_packets();
/// Takes the file away, and with it the namespace as soon as no process and no socket needs it.
void unbind_namespace(const std::string& file);

}  // namespace utakata::sandbox
