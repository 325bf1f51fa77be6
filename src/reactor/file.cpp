#include "reactor/file.hpp"

#include <unistd.h>

#include <cerrno>

namespace utakata::reactor {

// A terminal hands out its buffer in pieces, so a short read says nothing: only EAGAIN ends a round.
Co<Stream::Read> read_file(Descriptor& file, std::span<char> space, Duration patience) {
  while (true) {
    if (!co_await file.readable(patience)) co_return Stream::Read{0, Trouble::timed_out};
    const ssize_t n = ::read(file.fd(), space.data(), space.size());
    if (n >= 0) co_return Stream::Read{static_cast<std::size_t>(n), Trouble::none};
    if (errno == EAGAIN)
      file.read_again();
    else if (errno != EINTR)
      co_return Stream::Read{0, errno == EIO ? Trouble::none : Trouble::reset};
  }
}

Co<Trouble> write_file(Descriptor& file, std::string_view text, Duration patience) {
  while (!text.empty()) {
    const ssize_t n = ::write(file.fd(), text.data(), text.size());
    if (n >= 0) {
      text.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      file.write_again();
      if (!co_await file.writable(patience)) co_return Trouble::timed_out;
    } else if (errno != EINTR) {
      co_return Trouble::reset;
    }
  }
  co_return Trouble::none;
}

}  // namespace utakata::reactor
