#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/outcome.hpp"
#include "reactor/co.hpp"
#include "reactor/loop.hpp"

namespace utakata::reactor {

/// Where TCP listens or connects: an IPv4 address in numbers and a port.
struct Address {
  std::string host = "127.0.0.1";
  int port = 0;
};

/// "127.0.0.1:4566"; Fault names what is wrong with it.
Outcome<Address> parse_address(std::string_view text);

/// Why a connection could not be used.
enum class Trouble : std::uint8_t {
  none,
  refused,
  unreachable,
  timed_out,
  reset,  // or ended without the word that a layer above TCP ends with
  closed,
  exhausted,
  protocol,  // what comes is not what a layer above TCP speaks, or the two ends do not agree
};
/// What an error of the system means for a connection.
Trouble trouble_of(int error);

/// Bytes both ways between two ends: a TCP socket, or what is layered on one.
class Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  virtual ~Stream() = default;

  /// Bytes read into `space`; 0 with Trouble::none is the peer's end. Waits at most `patience` for the first byte.
  struct Read {
    std::size_t count = 0;
    Trouble trouble = Trouble::none;
  };
  Co<Read> read(std::span<char> space, Duration patience = Readiness::forever);
  /// All of it, or the trouble that stopped it.
  Co<Trouble> write(std::string_view text, Duration patience = Readiness::forever) {
    return write_all({text, {}, {}}, patience);
  }
  /// Several texts with one call of the system, as far as the socket takes them.
  using Slices = std::array<std::string_view, 3>;
  Co<Trouble> write_all(Slices, Duration patience = Readiness::forever);

  /// The same without waiting. Nothing: there is nothing yet; readable() tells when there is.
  virtual std::optional<Read> try_read(std::span<char> space) = 0;
  /// Takes what the other end has room for from the front of the slices. What it does not take is to be offered again,
  /// unchanged, before anything else: a part of it may be on its way.
  virtual Trouble try_write(Slices&) = 0;
  static bool all_taken(const Slices& slices) { return slices[0].empty() && slices[1].empty() && slices[2].empty(); }

  [[nodiscard]] Readiness& readiness() const { return readiness_; }
  [[nodiscard]] Loop& loop() const { return readiness_.loop(); }
  [[nodiscard]] bool hung_up() const { return readiness_.hung_up(); }
  [[nodiscard]] bool broken() const { return readiness_.broken(); }

  [[nodiscard]] virtual Address peer() const = 0;  // "192.0.2.1" and its port
  virtual void shut_down() = 0;                    // both ways; waiters wake up
  virtual void end_writing() = 0;

 protected:
  explicit Stream(Readiness& readiness) : readiness_(readiness) {}

 private:
  Readiness& readiness_;  // of this stream or of the one below it
};

/// A connected TCP socket.
class TcpStream final : public Stream {
 public:
  TcpStream(Loop& loop, int fd) : TcpStream(std::make_unique<Descriptor>(loop, fd)) {}

  std::optional<Read> try_read(std::span<char> space) override;
  Trouble try_write(Slices&) override;
  [[nodiscard]] Address peer() const override;
  void shut_down() override;
  void end_writing() override;
  /// Whether the other end has reset the connection, or it has failed otherwise, and no read or write has said so yet.
  [[nodiscard]] bool has_failed() const;
  /// The other end is to hear a reset, not an orderly end, when this is destroyed.
  void reset_when_closed();

  [[nodiscard]] Descriptor& descriptor() { return *descriptor_; }

 private:
  explicit TcpStream(std::unique_ptr<Descriptor> descriptor)
      : Stream(*descriptor), descriptor_(std::move(descriptor)) {}

  std::unique_ptr<Descriptor> descriptor_;
};

/// Where a connection comes from: a network namespace (-1: the thread's own) and an address in it (empty: any).
struct Origin {
  int namespace_fd = -1;
  std::string address;
};

/// A listening socket; Fault says which address is taken or not allowed. `namespace_fd` >= 0: inside that network
/// namespace.
Outcome<int> listen_tcp(const Address&, int namespace_fd = -1);
/// The port that a socket got (for port 0).
int local_port(int fd);

/// Connects within `patience`; on failure the pointer is null and `trouble` says why.
struct Connected {
  std::unique_ptr<TcpStream> stream;
  Trouble trouble = Trouble::none;
};
Co<Connected> connect_tcp(Loop&, Address, Duration patience, Origin origin = {});

/// Takes no more connections. Whoever is in accept_tcp() gets null, also when that is waiting for free file
/// descriptors: the listener is to be kept for as long.
void stop_listening(Descriptor& listener);

/// The next connection of a listener; null when the listener was cancelled or stopped.
Co<std::unique_ptr<TcpStream>> accept_tcp(Descriptor& listener);

}  // namespace utakata::reactor
