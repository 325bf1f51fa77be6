#pragma once

#include "base/types.hpp"

// What the shell asks the core when a client opens the data channel of an ExecuteCommand session.
namespace utakata {

struct OpenSessionRequest {
  str session_id;
  str token;
};

/// The token was right, and has opened its session: no other will.
struct OpenSessionResponse {
  str account, region;
  str caller;  // the access key that asked for the session; empty: nobody signed
  str task_arn, container;
  str command;      // as the caller wrote it
  list<str> words;  // the program and its arguments
  bool logged = false;
};

}  // namespace utakata
