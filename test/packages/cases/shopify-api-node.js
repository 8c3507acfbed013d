import Shopify from 'shopify-api-node';
export default async () => {
  const shopify = new Shopify({ shopName: 'shop', accessToken: 't', autoLimit: false });
  return [shopify.baseUrl, typeof shopify.product.list, shopify.options.apiVersion];
};
