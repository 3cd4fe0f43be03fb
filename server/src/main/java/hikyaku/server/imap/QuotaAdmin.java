package hikyaku.server.imap;

import hikyaku.server.directory.DirectoryException;
import hikyaku.server.directory.Quota;
import java.util.Optional;

/** What SETQUOTA may change: quotas, and nothing else of the directory. */
@FunctionalInterface
public interface QuotaAdmin {
  /**
   * Sets a quota of the account's own, durably; empty for that of its domain.
   *
   * @throws DirectoryException if there is no such account
   */
  void setQuota(String account, Optional<Quota> quota) throws DirectoryException;
}
