package hikyaku.systemtests.chaos;

/**
 * A way to the service.
 *
 * @param front whether it leads through the front, whose connections never end
 */
record Route(String name, String host, boolean front) {
  static final int SMTP = 25;
  static final int POP3 = 110;
  static final int IMAP = 143;
  static final int IMAPS = 993;
}
