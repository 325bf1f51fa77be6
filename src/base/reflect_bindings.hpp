#pragma once

#include <cstddef>

// Printed by tools/reflect_bindings.py. A structured binding names its members one by one, so there is one per count.
// clang-format off
namespace utakata::reflect {

template <std::size_t Count>
struct Bind;
template <> struct Bind<0> { template <class T, class F> static constexpr auto members(T&, F&& f) { return f(); } };
template <> struct Bind<1> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0] = t;
  return f(m0); } };
template <> struct Bind<2> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1] = t;
  return f(m0, m1); } };
template <> struct Bind<3> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2] = t;
  return f(m0, m1, m2); } };
template <> struct Bind<4> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3] = t;
  return f(m0, m1, m2, m3); } };
template <> struct Bind<5> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4] = t;
  return f(m0, m1, m2, m3, m4); } };
template <> struct Bind<6> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5] = t;
  return f(m0, m1, m2, m3, m4, m5); } };
template <> struct Bind<7> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6] = t;
  return f(m0, m1, m2, m3, m4, m5, m6); } };
template <> struct Bind<8> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7); } };
template <> struct Bind<9> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8); } };
template <> struct Bind<10> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9); } };
template <> struct Bind<11> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10); } };
template <> struct Bind<12> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11); } };
template <> struct Bind<13> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12); } };
template <> struct Bind<14> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13); } };
template <> struct Bind<15> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14); } };
template <> struct Bind<16> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15); } };
template <> struct Bind<17> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16); } };
template <> struct Bind<18> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17); } };
template <> struct Bind<19> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18); } };
template <> struct Bind<20> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19); } };
template <> struct Bind<21> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20); } };
template <> struct Bind<22> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21); } };
template <> struct Bind<23> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22); } };
template <> struct Bind<24> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23); } };
template <> struct Bind<25> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24); } };
template <> struct Bind<26> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25); } };
template <> struct Bind<27> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26); } };
template <> struct Bind<28> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27); } };
template <> struct Bind<29> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28); } };
template <> struct Bind<30> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29); } };
template <> struct Bind<31> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30); } };
template <> struct Bind<32> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31); } };
template <> struct Bind<33> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32); } };
template <> struct Bind<34> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33); } };
template <> struct Bind<35> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34); } };
template <> struct Bind<36> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35); } };
template <> struct Bind<37> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36); } };
template <> struct Bind<38> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37); } };
template <> struct Bind<39> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38); } };
template <> struct Bind<40> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39); } };
template <> struct Bind<41> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40); } };
template <> struct Bind<42> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41); } };
template <> struct Bind<43> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42); } };
template <> struct Bind<44> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43); } };
template <> struct Bind<45> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44); } };
template <> struct Bind<46> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45); } };
template <> struct Bind<47> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46); } };
template <> struct Bind<48> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47); } };
template <> struct Bind<49> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48); } };
template <> struct Bind<50> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49); } };
template <> struct Bind<51> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50); } };
template <> struct Bind<52> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51); } };
template <> struct Bind<53> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52); } };
template <> struct Bind<54> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53); } };
template <> struct Bind<55> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54); } };
template <> struct Bind<56> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55); } };
template <> struct Bind<57> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56); } };
template <> struct Bind<58> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57); } };
template <> struct Bind<59> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58); } };
template <> struct Bind<60> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59); } };
template <> struct Bind<61> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60); } };
template <> struct Bind<62> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60, m61] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60, m61); } };
template <> struct Bind<63> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60, m61, m62] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60, m61, m62); } };
template <> struct Bind<64> { template <class T, class F> static constexpr auto members(T& t, F&& f) {
  auto& [m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60, m61, m62, m63] = t;
  return f(m0, m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15,
  m16, m17, m18, m19, m20, m21, m22, m23, m24, m25, m26, m27, m28, m29, m30, m31,
  m32, m33, m34, m35, m36, m37, m38, m39, m40, m41, m42, m43, m44, m45, m46, m47,
  m48, m49, m50, m51, m52, m53, m54, m55, m56, m57, m58, m59, m60, m61, m62, m63); } };

}  // namespace utakata::reflect
// clang-format on
