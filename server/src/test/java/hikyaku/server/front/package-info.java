@NullMarked
package hikyaku.server.front;

import org.jspecify.annotations.NullMarked;
