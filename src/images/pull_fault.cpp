#include "images/pull_fault.hpp"

#include <array>

#include "base/text.hpp"
#include "images/manifest.hpp"

namespace utakata::images {
namespace {

constexpr std::size_t reason_characters_max = 1024;  // of AWS, facts/ecs.md §2.4

struct Sign {
  std::string_view words;
  PullTrouble trouble;
};
// The first that is found counts.
constexpr std::array signs{
    Sign{"o space left on device", PullTrouble::disk_full},
    Sign{"toomanyrequests", PullTrouble::too_many_requests},
    Sign{"too many requests", PullTrouble::too_many_requests},
    Sign{"igest did not match", PullTrouble::corrupt},
    Sign{"unexpected commit digest", PullTrouble::corrupt},
    Sign{"unauthorized", PullTrouble::unauthorized},
    Sign{"authentication required", PullTrouble::unauthorized},
    Sign{"invalid username/password", PullTrouble::unauthorized},
    Sign{"access to the resource is denied", PullTrouble::unauthorized},
    Sign{"manifest unknown", PullTrouble::not_found},
    Sign{"name unknown", PullTrouble::not_found},
    Sign{"repository name not known", PullTrouble::not_found},
    Sign{"connection refused", PullTrouble::refused},
    Sign{"no such host", PullTrouble::no_such_host},
    Sign{"server misbehaving", PullTrouble::no_such_host},
    Sign{"i/o timeout", PullTrouble::timed_out},
    Sign{"context deadline exceeded", PullTrouble::timed_out},
    Sign{"Client.Timeout exceeded", PullTrouble::timed_out},
    Sign{"TLS handshake timeout", PullTrouble::timed_out},
    Sign{"no image found in manifest list", PullTrouble::wrong_platform},
    Sign{"no matching manifest", PullTrouble::wrong_platform},
};

// From "dial tcp" on, as Go's network says it: the same words in every client of registries.
std::string_view network_words(std::string_view detail) {
  const std::size_t at = detail.find("dial tcp");
  return at == std::string_view::npos ? detail : detail.substr(at);
}

str failed_request(const str& reference, std::string_view detail) {
  const std::size_t slash = reference.find('/');
  const str path = slash == str::npos ? reference : reference.substr(slash + 1);
  const std::size_t mark = path.find('@') != str::npos ? path.find('@') : path.rfind(':');
  return cat("failed to do request: Head \"https://", reference.substr(0, slash), "/v2/", path.substr(0, mark),
             "/manifests/", mark == str::npos ? "latest" : path.substr(mark + 1), "\": ", network_words(detail));
}

str text_of(PullTrouble trouble, const str& reference, std::string_view detail, int attempts) {
  const str manifest = cat("pull image manifest has been retried ", attempts, " time(s): ");
  const str resolve = cat(manifest, "failed to resolve ref ", reference, ": ");
  const str copy = cat("ref pull has been retried ", attempts, " time(s): failed to copy: ");
  switch (trouble) {
    case PullTrouble::unauthorized:
      return cat(resolve,
                 "pull access denied, repository does not exist or may require authorization: server message: "
                 "unauthorized: authentication required");
    case PullTrouble::not_found:
      return cat(resolve, reference, ": not found: ", detail);
    case PullTrouble::refused:
    case PullTrouble::no_such_host:
    case PullTrouble::timed_out:
      return cat(resolve, failed_request(reference, detail));
    case PullTrouble::too_many_requests:
      return cat(copy, "httpReadSeeker: failed open: unexpected status code: 429 Too Many Requests - Server message: ",
                 detail);
    case PullTrouble::disk_full:
      return cat("ref pull has been retried ", attempts, " time(s): failed to extract layer of ", reference,
                 ": no space left on device");
    case PullTrouble::corrupt:
      return cat("ref pull has been retried ", attempts, " time(s): failed commit on ref ", reference, ": ", detail,
                 ": failed precondition");
    case PullTrouble::wrong_platform:
      return cat(manifest, "image Manifest does not contain descriptor matching platform '", host_platform(), "'");
    case PullTrouble::broken_layer:
      return cat("ref pull has been retried ", attempts, " time(s): failed to extract layer of ", reference, ": ",
                 detail);
    case PullTrouble::other:
      break;
  }
  return cat(resolve, detail);
}

}  // namespace

PullTrouble trouble_of(std::string_view output) {
  for (const Sign& sign : signs)
    if (output.contains(sign.words)) return sign.trouble;
  return PullTrouble::other;
}

bool passes_by_itself(PullTrouble trouble) {
  return trouble == PullTrouble::refused || trouble == PullTrouble::no_such_host || trouble == PullTrouble::timed_out ||
         trouble == PullTrouble::too_many_requests;
}

Fault pull_fault(PullTrouble trouble, const str& reference, std::string_view detail, int attempts) {
  str message = cat("CannotPullContainerError: ", text_of(trouble, reference, detail, attempts));
  if (message.size() > reason_characters_max) message.resize(reason_characters_max);
  return {.code = "CannotPullContainerError", .message = std::move(message)};
}

str last_words(std::string_view output) {
  str words;
  for (std::string_view line : split(output, '\n')) {
    if (trim(line).empty()) continue;
    const std::size_t message = line.find("msg=\"");
    if (message == std::string_view::npos) {
      words = trim(line);
      continue;
    }
    words.clear();
    // logrus quotes as Go does: \" and \\ .
    for (std::size_t i = message + 5; i < line.size() && line[i] != '"'; ++i) {
      if (line[i] == '\\' && i + 1 < line.size()) ++i;
      words += line[i];
    }
  }
  constexpr std::string_view noise = "Error parsing image name \"";
  if (words.starts_with(noise))
    if (const std::size_t end = words.find("\": "); end != str::npos) words = words.substr(end + 3);
  return words;
}

}  // namespace utakata::images
