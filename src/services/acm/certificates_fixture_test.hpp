#pragma once

#include <string_view>

// Certificates of tests, valid from 2026 for a hundred years, and their keys, which nothing else uses.
namespace utakata::acm::test {

constexpr std::string_view authority =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBizCCATGgAwIBAgIUVMHtFp0f4KRFb1JiQDF9j9YQveQwCgYIKoZIzj0EAwIw\n"
    "EjEQMA4GA1UEAwwHVGVzdCBDQTAgFw0yNjExMjYxMzI3MzdaGA8yMTI2MTEwMjEz\n"
    "MjczN1owEjEQMA4GA1UEAwwHVGVzdCBDQTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABJDUKb2T0B7Vn1a2AMF+xy2qixsWIAYTR/rbsH1A50ypjKa7jjpel8kaX/+1\n"
    "/gSX6buXnDIqF5oNUsqCYN+5LZ6jYzBhMB0GA1UdDgQWBBQ5rfwOYTZ91fYa3Z3T\n"
    "NAhulBIPkTAfBgNVHSMEGDAWgBQ5rfwOYTZ91fYa3Z3TNAhulBIPkTAPBgNVHRMB\n"
    "Af8EBTADAQH/MA4GA1UdDwEB/wQEAwICBDAKBggqhkjOPQQDAgNIADBFAiEA8Tby\n"
    "iyjDgoLm9op/IkO+qz41xQjL7j3a6FGea9plaN8CIDDF4QhHnrUi63dz8Cl5Uxui\n"
    "wpdDeQcSDBfIVlMdRf+g\n"
    "-----END CERTIFICATE-----\n";

constexpr std::string_view leaf =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBzjCCAXWgAwIBAgIDChssMAoGCCqGSM49BAMCMBIxEDAOBgNVBAMMB1Rlc3Qg\n"
    "Q0EwIBcNMjYxMTI2MTMyNzM3WhgPMjEyNjExMDIxMzI3MzdaMDkxCzAJBgNVBAYT\n"
    "AkpQMRAwDgYDVQQKDAdFeGFtcGxlMRgwFgYDVQQDDA93d3cuZXhhbXBsZS5jb20w\n"
    "WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASbWta15DqmOGOvUX3GR/NpBlKPftE8\n"
    "gWrXuAi760priIeZHWkR/7e98xRWbZUqR1u/NzvP0pdZr0ALA9YeMg12o4GQMIGN\n"
    "MCkGA1UdEQQiMCCCD3d3dy5leGFtcGxlLmNvbYINKi5leGFtcGxlLmNvbTALBgNV\n"
    "HQ8EBAMCB4AwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYEFP2Y67aB0f3p\n"
    "CcpNuC2VhWyqWv9oMB8GA1UdIwQYMBaAFDmt/A5hNn3V9hrdndM0CG6UEg+RMAoG\n"
    "CCqGSM49BAMCA0cAMEQCID6gU0PgrwGbOEgcPhsaKKGfTB7TBllBrnTCUDmJqf0F\n"
    "AiAc+eebjMjSELJwoqlyyVFLYYeIgL8vAaRA11MiEEKs8Q==\n"
    "-----END CERTIFICATE-----\n";

constexpr std::string_view leaf_key =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgvWNCWTw1qFxziz5l\n"
    "OGPpljYHz9An64PvNMSKEzBf9l6hRANCAASbWta15DqmOGOvUX3GR/NpBlKPftE8\n"
    "gWrXuAi760priIeZHWkR/7e98xRWbZUqR1u/NzvP0pdZr0ALA9YeMg12\n"
    "-----END PRIVATE KEY-----\n";

constexpr std::string_view own_signed =
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBjTCCATOgAwIBAgIUeqR+Dj81VVRgoU3zAd1ZOQ4nr00wCgYIKoZIzj0EAwIw\n"
    "GzEZMBcGA1UEAwwQc2VsZi5leGFtcGxlLmNvbTAgFw0yNjExMjYxMzI3MzdaGA8y\n"
    "MTI2MTEwMjEzMjczN1owGzEZMBcGA1UEAwwQc2VsZi5leGFtcGxlLmNvbTBZMBMG\n"
    "ByqGSM49AgEGCCqGSM49AwEHA0IABODesnDas8u0m2EBQs6KcX+mLVLAajDpzkZ5\n"
    "LGksIlVjSrguGw2jnkmzInYpOESrcGcv6ItejFMSAztn7up/JcCjUzBRMB0GA1Ud\n"
    "DgQWBBR5wKr4AiA/SjrK5B1jbNtawLLIQzAfBgNVHSMEGDAWgBR5wKr4AiA/SjrK\n"
    "5B1jbNtawLLIQzAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQCW\n"
    "E2OEsHn6SuI5OfjjhzFb25dEeLIZZ9sU9PqQ6mZ3qwIgZxaUFsUB+RDQoGnUIcT/\n"
    "ieXM8+rpK9JoPheA/TOnIio=\n"
    "-----END CERTIFICATE-----\n";

constexpr std::string_view own_signed_key =
    "-----BEGIN PRIVATE KEY-----\n"
    "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1s9GjHnvtYvDPfJQ\n"
    "8TGWe+sYae/JMuCwXkWrxxWe1vehRANCAATg3rJw2rPLtJthAULOinF/pi1SwGow\n"
    "6c5GeSxpLCJVY0q4LhsNo55JsyJ2KThEq3BnL+iLXoxTEgM7Z+7qfyXA\n"
    "-----END PRIVATE KEY-----\n";

}  // namespace utakata::acm::test
