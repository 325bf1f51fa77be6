#pragma once

#include <span>
#include <string_view>

#include "reactor/co.hpp"
#include "reactor/stream.hpp"

// Pipes, terminals and files, which are read and written as sockets are but by other system calls.
namespace utakata::reactor {

/// As Stream::read; the end is also a terminal's hang-up.
Co<Stream::Read> read_file(Descriptor&, std::span<char> space, Duration patience = Descriptor::forever);
/// All of it, or the trouble that stopped it. SIGPIPE must be ignored.
Co<Trouble> write_file(Descriptor&, std::string_view text, Duration patience = Descriptor::forever);

}  // namespace utakata::reactor
