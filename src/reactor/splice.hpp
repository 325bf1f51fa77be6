#pragma once

#include <memory>
#include <vector>

#include "reactor/stream.hpp"

namespace utakata::reactor {

/// Carries bytes from one TCP socket to another inside the kernel. Measured on a small virtual machine: a gigabyte
/// takes 0.3 s of processor time instead of 0.55 s by a buffer of 64 KiB, with the pipe as large 0.17 s with 1 MiB;
/// single small messages take the same.
class SplicePipe {
 public:
  /// Null when the kernel gives no pipe.
  static std::unique_ptr<SplicePipe> make();
  SplicePipe(const SplicePipe&) = delete;
  SplicePipe& operator=(const SplicePipe&) = delete;
  ~SplicePipe();

  [[nodiscard]] std::size_t held() const { return held_; }
  /// As Stream::try_read, into the pipe, which must be empty.
  std::optional<Stream::Read> try_fill(TcpStream& from);
  /// As Stream::try_write, what the pipe holds.
  Trouble try_drain(TcpStream& to);

 private:
  SplicePipe(int in, int out) : in_(in), out_(out) {}
  int in_, out_;
  std::size_t held_ = 0;
};

/// Pipes for those who have much to carry just now, so many at a time. Null: there is none left.
class SplicePipes {
 public:
  std::unique_ptr<SplicePipe> take();
  /// One that holds something is closed.
  void give_back(std::unique_ptr<SplicePipe>);

 private:
  static constexpr std::size_t most = 128;  // of 256 KiB each
  std::size_t taken_ = 0;
  std::vector<std::unique_ptr<SplicePipe>> spare_;
};

}  // namespace utakata::reactor
