#pragma once

#include "base/types.hpp"

// What the shell asks the core when a client opens the data channel of an ExecuteCommand session, and when it is over.
namespace utakata {

struct OpenSessionRequest {
  str session_id;
  str token;
};

/// The token was right, and has opened its session, or its channel anew: no other will.
struct OpenSessionResponse {
  str account, region;
  str caller;  // the access key that asked for the session; empty: nobody signed
  str task_arn, container;
  str command;      // as the caller wrote it
  list<str> words;  // the program and its arguments
  bool logged = false;
  bool resumed = false;  // the session's channel was lost
};

struct SessionLine {
  Instant at;
  str text;
};
/// `lines`: what the command said, where its log is kept. Asking again changes nothing.
struct CloseSessionRequest {
  str session_id;
  list<SessionLine> lines;
};
struct CloseSessionResponse {};

}  // namespace utakata
