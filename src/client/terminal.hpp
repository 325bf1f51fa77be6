#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "reactor/loop.hpp"
#include "session/contents.hpp"

// The terminal or the pipes that this program was started with.
namespace utakata::client {

/// Of standard output or input, whichever is a terminal; 80 by 24 when neither tells.
session::Size terminal_size();

/// Standard input as a raw terminal: every key goes to the command. As it was again when this ends, also when the
/// program is ended by an abort.
class RawTerminal {
 public:
  RawTerminal();
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal();
};

/// Standard input, read by a thread of its own: it may be a file, which no event loop can watch.
class StandardInput {
 public:
  /// Bytes, or nothing at its end; on the loop. The next piece is read after go_on().
  using Arrived = std::function<void(const std::string&)>;
  StandardInput(reactor::Loop&, Arrived);
  StandardInput(const StandardInput&) = delete;
  StandardInput& operator=(const StandardInput&) = delete;
  ~StandardInput();
  void go_on();

 private:
  struct Shared;  // with the thread, which may outlive us in a read
  std::shared_ptr<Shared> shared_;
};

/// Writes all of it to a descriptor of this program, however long that takes. False: nobody reads it.
bool write_fully(int fd, std::string_view text);

}  // namespace utakata::client
