#include "app/authority.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "reactor/wall_clock.hpp"
#include "tls/issue.hpp"
#include "x509/pem.hpp"

namespace utakata::app {
namespace {

constexpr Duration own_life = hours(24 * 3650);
constexpr Duration certificate_life = hours(24 * 395);  // 13 months, as ACM's
constexpr Duration clocks_differ = hours(1);            // a client's may be behind

std::unexpected<Fault> cannot_write(const std::string& file) {
  return refuse("AuthorityFailed",
                cat("cannot write ", file, ": ", std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
}

// Whole or not at all; only its owner may read it.
Outcome<> write_private(const std::string& file, const std::string& text) {
  const std::string beside = file + ".new";
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return cannot_write(beside);
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!written || ::rename(beside.c_str(), file.c_str()) != 0) return cannot_write(file);
  return {};
}

// Key and certificate in one file, so that they always belong together.
Outcome<tls::Identity> load(const std::string& file) {
  std::ifstream from(file);
  const std::string text{std::istreambuf_iterator<char>(from), {}};
  if (!from) return refuse("AuthorityFailed", cat("cannot read ", file));
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
  const std::size_t at = text.find(begin);
  tls::Identity own;
  if (at != std::string::npos) own = {.certificate = text.substr(at), .private_key = text.substr(0, at), .chain = {}};
  if (!x509::read_certificates(own.certificate) || !x509::read_private_key(own.private_key))
    return refuse("AuthorityFailed",
                  cat(file, " does not hold a private key and its certificate; move it away to have new ones made"));
  return own;
}

tls::KeyKind kind_of(std::string_view algorithm) {
  if (algorithm == "EC_prime256v1") return tls::KeyKind::ec_prime256v1;
  if (algorithm == "EC_secp384r1") return tls::KeyKind::ec_secp384r1;
  return tls::KeyKind::rsa_2048;
}

CertificateReport issued(const tls::Identity& authority, const IssueCertificate& wanted) {
  const Instant now = reactor::wall_clock();
  const auto made = tls::issue(authority, {.common_name = wanted.domain_names.front(),
                                           .domain_names = wanted.domain_names,
                                           .key = kind_of(wanted.key_algorithm),
                                           .from = now - clocks_differ,
                                           .until = now + certificate_life});
  if (!made) return {.arn = wanted.arn, .reason = made.error().message};
  return {.arn = wanted.arn,
          .certificate = made->certificate,
          .chain = made->chain,
          .private_key = made->private_key,
          .reason = {}};
}

}  // namespace

Outcome<std::unique_ptr<Authority>> Authority::open(const std::string& folder, ports::ReportSink sink) {
  const std::string file = folder + "/authority.pem";
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    tls::Identity own = TRY(load(file));
    return std::unique_ptr<Authority>(new Authority(std::move(own), std::move(sink)));
  }
  const Instant now = reactor::wall_clock();
  tls::Identity own = TRY(tls::make_authority(
      {.common_name = "Utakata local authority", .from = now - clocks_differ, .until = now + own_life}));
  TRY_VOID(write_private(file, own.private_key + own.certificate));
  return std::unique_ptr<Authority>(new Authority(std::move(own), std::move(sink)));
}

void Authority::issue(const IssueCertificate& wanted) {
  if (wanted.domain_names.empty()) return;
  pool_.submit([this, wanted] { sink_(issued(own_, wanted)); });
}

}  // namespace utakata::app
