// What nearly every source includes, compiled once a build (options.cmake).
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <coroutine>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <variant>
#include <vector>

#include "base/cbor.hpp"
#include "base/describe.hpp"
#include "base/instant.hpp"
#include "base/json.hpp"
#include "base/outcome.hpp"
#include "base/text.hpp"
#include "base/types.hpp"
