#include "reactor/splice.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "reactor/sockets.hpp"

namespace utakata::reactor {
namespace {

constexpr int pipe_size = 256 * 1024;
constexpr unsigned splice_flags = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;

}  // namespace

std::unique_ptr<SplicePipe> SplicePipe::make() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
  fcntl(ends[1], F_SETPIPE_SZ, pipe_size);  // a user's limit may refuse it: it is then as large as pipes are
  return std::unique_ptr<SplicePipe>(new SplicePipe(ends[1], ends[0]));  // NOLINT: its constructor is private
}

SplicePipe::~SplicePipe() {
  close(in_);
  close(out_);
}

std::optional<Stream::Read> SplicePipe::try_fill(TcpStream& from) {
  while (true) {
    const ssize_t n = splice(from.descriptor().fd(), nullptr, in_, nullptr, pipe_size, splice_flags);
    if (n >= 0) {
      held_ += static_cast<std::size_t>(n);
      return Stream::Read{static_cast<std::size_t>(n), Trouble::none};
    }
    if (errno == EAGAIN) {
      from.descriptor().read_again();
      return {};
    }
    if (errno != EINTR) return Stream::Read{0, trouble_of(errno)};
  }
}

Trouble SplicePipe::try_drain(TcpStream& to) {
  while (held_ > 0) {
    const ssize_t n = splice(out_, nullptr, to.descriptor().fd(), nullptr, held_, splice_flags);
    if (n > 0) {
      held_ -= static_cast<std::size_t>(n);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno != EAGAIN) return trouble_of(errno);
    to.descriptor().write_again();
    return Trouble::none;
  }
  return Trouble::none;
}

std::unique_ptr<SplicePipe> SplicePipes::take() {
  if (taken_ == most) return nullptr;
  std::unique_ptr<SplicePipe> pipe;
  if (spare_.empty()) {
    pipe = SplicePipe::make();
  } else {
    pipe = std::move(spare_.back());
    spare_.pop_back();
  }
  if (pipe) ++taken_;
  return pipe;
}

void SplicePipes::give_back(std::unique_ptr<SplicePipe> pipe) {
  --taken_;
  if (pipe->held() == 0) spare_.push_back(std::move(pipe));
}

}  // namespace utakata::reactor
