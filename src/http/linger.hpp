#pragma once

#include "reactor/stream.hpp"

namespace utakata::http {

/// Ends the sending side and reads on for a moment: closing with unread input would reset the connection and take the
/// answer away from the peer.
reactor::Co<void> linger(reactor::Stream&);

}  // namespace utakata::http
