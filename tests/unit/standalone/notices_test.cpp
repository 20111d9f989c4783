#include "standalone/notices.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

namespace sluice::standalone {
namespace {

/// As sd_notify(3) sends it.
bool send(const std::string& variable, const std::string& text, int descriptor = -1) {
  const std::string name = variable.substr(variable.find('@') + 1);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  iovec piece{const_cast<char*>(text.data()), text.size()};
  alignas(cmsghdr) char extra[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = static_cast<socklen_t>(sizeof(sa_family_t) + 1 + name.size());
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = extra;
    message.msg_controllen = sizeof(extra);
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &descriptor, sizeof(int));
  }
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return ::sendmsg(socket.get(), &message, 0) == static_cast<ssize_t>(text.size());
}

TEST(Notices, TellWhoSaysWhat) {
  const auto notices = Notices::open();
  ASSERT_TRUE(notices) << notices.error();
  EXPECT_FALSE(notices->next());
  ASSERT_TRUE(notices->variable().starts_with("NOTIFY_SOCKET=@"));
  ASSERT_TRUE(send(notices->variable(), "STATUS=a\nREADY=1\nSTATUS=b=c"));
  const auto notice = notices->next();
  ASSERT_TRUE(notice);
  EXPECT_EQ(notice->from, ::getpid());
  EXPECT_TRUE(notice->has("READY=1"));
  EXPECT_FALSE(notice->has("READY"));
  EXPECT_FALSE(notice->has("WATCHDOG=1"));
  EXPECT_EQ(notice->value("STATUS"), "b=c");
  EXPECT_EQ(notice->value("STAT"), std::nullopt);
  EXPECT_FALSE(notices->next());
}

TEST(Notices, DescriptorsAreClosedWithThem) {
  const auto notices = Notices::open();
  ASSERT_TRUE(notices) << notices.error();
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const UniqueFd read_end(ends[0]);
  ASSERT_TRUE(send(notices->variable(), "BARRIER=1", ends[1]));
  ::close(ends[1]);
  {
    const auto notice = notices->next();
    ASSERT_TRUE(notice);
    ASSERT_EQ(notice->descriptors.size(), 1u);
    ASSERT_EQ(::write(notice->descriptors[0].get(), "x", 1), 1);
  }
  char got[2];
  EXPECT_EQ(::read(read_end.get(), got, 2), 1);
  EXPECT_EQ(::read(read_end.get(), got, 2), 0) << "somebody holds the other end";
}

TEST(Notices, WhatIsTooLongIsCut) {
  const auto notices = Notices::open();
  ASSERT_TRUE(notices) << notices.error();
  ASSERT_TRUE(send(notices->variable(), "READY=1\nSTATUS=" + std::string(100'000, 'x')));
  const auto notice = notices->next();
  ASSERT_TRUE(notice);
  EXPECT_TRUE(notice->has("READY=1"));
  EXPECT_LT(notice->text.size(), 10'000u);
}

}  // namespace
}  // namespace sluice::standalone
