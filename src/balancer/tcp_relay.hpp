#pragma once

#include <optional>

#include "balancer/meters.hpp"
#include "reactor/event.hpp"
#include "reactor/fair_share.hpp"
#include "reactor/splice.hpp"

namespace utakata::balancer {

/// One end of a relayed connection.
struct RelayEnd {
  reactor::Stream& stream;
  reactor::TcpStream& tcp;  // which it is, or is layered on
  [[nodiscard]] bool layered() const { return &stream != &tcp; }
};

/// Carries bytes both ways between two connections until both have ended their sides, one breaks, nothing has moved for
/// `idle`, or end() is called. An end of one side is passed on and the other direction goes on. Bytes that wait for the
/// other side are all that it holds: at most what one read gives for each direction.
class TcpRelay {
 public:
  /// `counted` is told what it carries.
  TcpRelay(RelayEnd client, RelayEnd target, Duration idle, reactor::SplicePipes& pipes, OpenFlow& counted);
  TcpRelay(const TcpRelay&) = delete;
  TcpRelay& operator=(const TcpRelay&) = delete;
  ~TcpRelay();

  /// Cause::flow_ended, or what ended it.
  reactor::Co<Cause> run();
  void end(Cause);

 private:
  // What a direction says when its sides break.
  struct Direction {
    RelayEnd from, to;
    Cause from_breaks, to_breaks;
  };
  reactor::Co<void> carry(Direction);
  reactor::Co<bool> pass(const Direction&, std::string_view text);
  reactor::Co<bool> carry_much(const Direction&);
  reactor::Co<bool> drain(const Direction&, reactor::SplicePipe&);
  reactor::Co<bool> room_in(const Direction&);
  void watch(const RelayEnd&, Cause);
  [[nodiscard]] Duration left() const;

  RelayEnd client_, target_;
  reactor::Loop& loop_;
  Duration idle_;
  reactor::SplicePipes& pipes_;
  OpenFlow& counted_;
  Instant last_byte_;
  int directions_ = 2;
  reactor::Event over_;
  std::optional<Cause> ended_;
};

}  // namespace utakata::balancer
