@NullMarked
package hikyaku.server.link;

import org.jspecify.annotations.NullMarked;
