#include "reactor/random.hpp"

#include <sys/random.h>

#include <cstring>

#include "base/outcome.hpp"

namespace utakata::reactor {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  ensure(count <= 256 && getrandom(bytes.data(), count, 0) == static_cast<ssize_t>(count),
         "the kernel gives no random numbers");
  return bytes;
}

std::uint64_t random_number() {
  const std::string bytes = random_bytes(sizeof(std::uint64_t));
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof number);
  return number;
}

}  // namespace utakata::reactor
